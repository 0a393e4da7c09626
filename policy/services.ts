/**
 * Names of services that rule files write in place of ports, as the engine finds them in the
 * services of its machine. IANA's names and the usual others of a Debian machine, whatever stands
 * on this one: a rule means the same everywhere.
 */

/** Port, and the names that stand for it. */
const services =
  '1:rtmp,tcpmux 2:nbp 6:zip 7:echo 9:discard,null,sink 11:systat,users 13:daytime ' +
  '15:netstat 17:qotd,quote 19:chargen,source,ttytst 20:ftp-data 21:fsp,fspd,ftp 22:ssh ' +
  '23:telnet 25:mail,smtp 37:time,timserver 43:nicname,whois 49:tacacs 53:domain 67:bootps ' +
  '68:bootpc 69:tftp 70:gopher 79:finger 80:http,www 88:kerberos,kerberos-sec,kerberos5,krb5 ' +
  '102:iso-tsap,tsap 104:acr-nema,dicom 106:poppassd 110:pop-3,pop3 111:portmapper,sunrpc ' +
  '113:auth,authentication,ident,tap 119:nntp,readnews,untp 123:ntp 135:epmap,loc-srv ' +
  '137:netbios-ns 138:netbios-dgm 139:netbios-ssn 143:imap,imap2 161:snmp ' +
  '162:snmp-trap,snmptrap 163:cmip-man 164:cmip-agent 174:mailq 177:xdmcp 179:bgp 199:smux ' +
  '209:qmtp 210:wais,z3950 213:ipx 319:ptp-event 320:ptp-general 345:pawserv 346:zserv ' +
  '369:rpc2portmap 370:codaauth2 371:Clearcase,clearcase 389:ldap 427:svrloc 443:https ' +
  '444:snpp 445:microsoft-ds 464:kpasswd 465:smtps,ssmtp,submissions,urd 487:saft 500:isakmp ' +
  '512:biff,comsat,exec 513:login,who,whod 514:cmd,shell,syslog 515:printer,spooler 517:talk ' +
  '518:ntalk 520:route,routed,router 538:gdomap 540:uucp,uucpd 543:klogin 544:krcmd,kshell ' +
  '546:dhcpv6-client 547:dhcpv6-server 548:afpovertcp 554:rtsp 563:nntps,snntp ' +
  '587:submission 607:nqs 623:asf-rmcp 628:qmqp 631:ipp 636:ldaps 646:ldp 655:tinc 706:silc ' +
  '749:kerberos-adm 750:kdc,kerberos-iv,kerberos4 751:kerberos-master,kerberos_master ' +
  '752:passwd-server,passwd_server 754:hprop,krb-prop,krb5_prop,krb_prop ' +
  '775:moira-db,moira_db 777:moira-update,moira_update 779:moira-ureg,moira_ureg 783:spamd ' +
  '853:domain-s 871:supfilesrv 873:rsync 989:ftps-data 990:ftps 992:telnets 993:imaps ' +
  '995:pop3s 1080:socks 1093:proofd 1094:rootd 1099:rmiregistry 1127:supfiledbg 1178:skkserv ' +
  '1194:openvpn 1210:predict 1236:rmtcfg 1313:xtel 1314:xtelw 1352:lotusnote,lotusnotes ' +
  '1433:ms-sql-s 1434:ms-sql-m 1524:ingreslock 1645:datametrics,old-radius ' +
  '1646:old-radacct,sa-msg-port 1649:kermit 1677:groupwise 1701:l2f,l2tp 1812:radius ' +
  '1813:radacct,radius-acct 2000:cisco-sccp 2049:nfs 2086:gnunet 2101:rtcm-sc104 ' +
  '2102:zephyr-srv 2103:zephyr-clt 2104:zephyr-hm 2119:gsigatekeeper 2121:iprop 2135:gris ' +
  '2401:cvspserver 2430:venus 2431:venus-se 2432:codasrv 2433:codasrv-se 2583:mon ' +
  '2600:zebrasrv 2601:zebra 2602:ripd 2603:ripngd 2604:ospfd 2605:bgpd 2606:ospf6d ' +
  '2607:ospfapi 2608:isisd 2628:dict 2792:f5-globalsite 2811:gsiftp 2947:gpsd ' +
  '3050:gds-db,gds_db 3130:icp,icpv2 3205:isns 3260:iscsi-target 3306:mysql ' +
  '3389:ms-wbt-server 3493:nut 3632:distcc 3689:daap 3690:subversion,svn 4031:suucp ' +
  '4094:sysrqd 4190:sieve 4353:f5-iquery 4369:epmd 4373:remctl 4460:ntske 4500:ipsec-nat-t ' +
  '4557:fax 4559:hylafax 4569:iax 4691:mtn 4899:radmin-port 4949:lrrd,munin 5060:sip ' +
  '5061:sip-tls 5222:jabber-client,xmpp-client 5269:jabber-server,xmpp-server 5308:cfengine ' +
  '5353:mdns 5432:postgres,postgresql 5555:rplay 5556:freeciv,rptp 5666:nrpe 5667:nsca ' +
  '5671:amqps 5672:amqp 5680:canna 6000:x11,x11-0 6001:x11-1 6002:x11-2 6003:x11-3 ' +
  '6004:x11-4 6005:x11-5 6006:x11-6 6007:x11-7 6346:gnutella-svc 6347:gnutella-rtr ' +
  '6379:redis 6444:sge-qmaster,sge_qmaster 6445:sge-execd,sge_execd 6446:mysql-proxy ' +
  '6514:syslog-tls 6566:sane,sane-port,saned 6667:ircd 6696:babel 6697:ircs-u ' +
  '7000:afs3-fileserver,bbs 7001:afs3-callback 7002:afs3-prserver 7003:afs3-vlserver ' +
  '7004:afs3-kaserver 7005:afs3-volser 7007:afs3-bos 7008:afs3-update 7009:afs3-rmtsys ' +
  '7100:font-service,xfs 8021:zope-ftp 8080:http-alt,webcache 8081:tproxy 8088:omniorb ' +
  '8140:puppet 8990:clc-build-daemon 9098:xinetd 9101:bacula-dir 9102:bacula-fd ' +
  '9103:bacula-sd 9418:git 9667:xmms2 9673:zope 10000:webmin 10050:zabbix-agent ' +
  '10051:zabbix-trapper 10080:amanda 10081:kamanda 10082:amandaidx 10083:amidxtape 10809:nbd ' +
  '11371:hkp 17001:sgi-cmsd 17002:sgi-crsd 17003:sgi-gcd 17004:sgi-cad 17500:db-lsp ' +
  '22125:dcap 22128:gsidcap 22273:wnn6 24554:binkp 27374:asp 30865:csync2 57000:dircproxy ' +
  '60177:tfido 60179:fido'

/** Ports by the names of their services. */
export const portsByService: ReadonlyMap<string, number> = new Map(
  services.split(' ').flatMap((entry) => {
    const [port = '', names = ''] = entry.split(':')
    return names.split(',').map((name) => [name, Number(port)] as const)
  }),
)
