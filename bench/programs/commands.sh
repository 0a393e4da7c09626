#!/bin/sh
# Thirty programs as scripts on a node run them, each with files, arguments and an environment of
# its own: what a loop of one program does not show.
cd "$1" || exit 1
id -u; uname -r; date +%s; basename /a/b; dirname /a/b; expr 1 + 2; seq 1 3; nproc; mktemp -u
cat /etc/hostname; head -c 10 /etc/passwd; tail -n 1 /etc/passwd; wc -l /etc/group
sort /etc/group; uniq /etc/hostname; cut -d: -f1 /etc/passwd; tr a b </etc/hostname
grep root /etc/passwd; sed -n 1p /etc/passwd; nl /etc/group; md5sum /etc/hostname
ls /etc; stat /etc/hostname; readlink -f /bin/sh; df /; du -s /etc/hostname
touch "x$$"; cp "x$$" "y$$"; mv "y$$" "z$$"; rm -f "x$$" "z$$"
