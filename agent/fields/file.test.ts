/** Fields of files and sockets, and the arguments of events, one line a case. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldValue } from '@bulwark/schema'
import { ROLE_CLIENT, ROLE_SERVER } from '@bulwark/schema'
import { newCounters } from '../counters.ts'
import type { LiveEvent } from '../live-event.ts'
import { Sockets } from '../network/sockets.ts'
import { eventOf } from '../testdata/events.ts'
import { checkFields, readField } from '../testdata/fields.ts'

test('an open that worked', () => {
  const file = { inode: 42, device: (8 << 20) | 3, mode: 0o100644, file_flags: 17, links: 1 }
  const values = { path: '/etc/a.conf', raw_path: 'a.conf', open_flags: 0o1101, open_mode: 0o640 }
  checkFields(
    eventOf('open', { ...values, file, result: 7 }, { type: 'openat' }),
    `
    evt.type          "openat"
    evt.res           "SUCCESS"
    evt.rawres        7
    evt.failed        false
    evt.is_open_read  false
    evt.is_open_write true
    evt.is_open_create true
    evt.is_open_exec false
    evt.arg.fd        "<f>/etc/a.conf"
    evt.arg[1]        -
    evt.arg[2]        "/etc/a.conf"
    evt.arg.flags     "O_TRUNC|O_CREAT|O_WRONLY|O_F_CREATED|FD_UPPER_LAYER"
    evt.arg.mode      "0640"
    evt.arg.nothing   -
    evt.arg[9]        -
    evt.args          "fd=7(<f>/etc/a.conf) name=a.conf(/etc/a.conf) flags=49414(O_TRUNC|O_CREAT|O_WRONLY|O_F_CREATED|FD_UPPER_LAYER) mode=0640 dev=800003 ino=42"
    fd.num            7
    fd.type           "file"
    fd.typechar       "f"
    fd.name           "/etc/a.conf"
    fd.directory      "/etc"
    fd.filename       "a.conf"
    fd.nameraw        "a.conf"
    fd.ino            42
    fd.dev            8388611
    fd.dev.major      8
    fd.dev.minor      3
    fd.is_upper_layer true
    fd.is_lower_layer false
    fd.sip            -
    fd.connected      false
    fd.name_changed   false
    fd.l4proto        "<NA>"
    fd.uid            "107"
    fd.containername  "host:/etc/a.conf"
    fd.containerdirectory "host:/etc"
    fs.path.name      "/etc/a.conf"
    fs.path.nameraw   "a.conf"
    fs.path.source    -
    `,
  )
})

test('an open that failed', () => {
  const values = { base: '/srv/app', raw_path: '../x/./y', open_flags: 0, result: -13 }
  checkFields(
    eventOf('open', values),
    `
    evt.res           "EACCES"
    evt.rawres        -13
    evt.failed        true
    evt.is_open_read  true
    evt.arg.fd        "EACCES"
    fd.num            -1
    fd.name           "/srv/x/y"
    fd.nameraw        "../x/./y"
    fd.type           -
    fd.typechar       "f"
    fd.directory      "/srv/x"
    fd.filename       -
    fd.ino            -
    fd.connected      -
    fd.l4proto        -
    fs.path.name      -
    fd.is_upper_layer -
    `,
  )
  checkFields(eventOf('open', { raw_path: '/a/../b', result: -2 }), 'fd.name "/b"')
})

test('an open that makes a program, and others', () => {
  const check = (flags: number, mode: number, expected: boolean, type = 'open'): void => {
    const values = { path: '/tmp/a', open_flags: flags, open_mode: mode, result: 3 }
    checkFields(eventOf('open', values, { type }), `evt.is_open_exec ${expected}`)
  }
  check(0o101, 0o700, true)
  check(0o101, 0o001, true, 'openat')
  check(0o20200002, 0o010, true, 'openat2')
  check(0o1101, 0o755, true, 'creat')
  check(0o101, 0o666, false)
  check(0o1, 0o777, false)
  checkFields(eventOf('unlink'), 'evt.is_open_exec false\nevt.is_open_read false')
})

test('an open that makes a file, and others', () => {
  const check = (flags: number, made: number, result: number, expected: boolean): void => {
    const values = { path: '/tmp/a', open_flags: flags, file: { file_flags: made }, result }
    checkFields(eventOf('open', values), `evt.is_open_create ${expected}`)
  }
  check(0o101, 16, 3, true)
  check(0o101, 0, 3, false)
  check(0o20200002, 0, 3, true)
  check(0o20200002, 0, -1, false)
  checkFields(eventOf('unlink'), 'evt.is_open_create false')
})

test('kinds of files', () => {
  const type = (mode: number, path: string, flags = 0): LiveEvent =>
    eventOf('open', { path, file: { mode }, open_flags: flags, result: 3 })
  checkFields(
    type(0o040755, '/tmp'),
    'fd.type "directory"\nfd.typechar "d"\nfd.directory "/tmp"\nfd.filename -',
  )
  checkFields(type(0, '/tmp', 0o200000), 'fd.type "directory"')
  checkFields(type(0o010600, '/tmp/p'), 'fd.type "pipe"\nfd.typechar "p"\nfd.directory -')
  checkFields(type(0o100600, '[eventfd]'), 'fd.type "event"\nfd.typechar "e"')
  checkFields(type(0o100600, ''), 'fd.type "file"\nfd.name "/"')
})

test('names that change', () => {
  const two = { old_path: 'a', old_base: '/x', new_path: '../b', new_base: '/y/z', result: 0 }
  checkFields(
    eventOf('rename', { ...two, call_flags: 2 }, { type: 'renameat2' }),
    `
    evt.args        "res=0 oldpath=a(/x/a) newpath=../b(/y/b) flags=2(RENAME_EXCHANGE)"
    evt.arg.oldpath "/x/a"
    evt.arg[2]      "/x/a"
    evt.arg[4]      "/y/b"
    fd.name         -
    fd.num          -
    `,
  )
  checkFields(
    eventOf('link', { ...two, result: -17 }),
    'evt.args "res=-17(EEXIST) oldpath=a(/x/a) newpath=../b(/y/b)"',
  )
  checkFields(eventOf('symlink', two), 'evt.args "res=0 target=a linkpath=../b(/y/b)"')
  checkFields(
    eventOf('unlink', { raw_path: 'f', base: '/x', call_flags: 0x200 }, { type: 'unlinkat' }),
    'evt.args "res=0 name=f(/x/f) flags=512(AT_REMOVEDIR)"',
  )
})

/** The 16 bytes that a record has for an address, from the first ones. */
const ip4 = (...first: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(16)
  bytes.set(first)
  return bytes
}
const tcp = { inode: 9, family: 2, type: 1, protocol: 6, local_address: ip4(10, 0, 0, 1) }
const client = { ...tcp, local_port: 40000, remote_port: 443, remote_address: ip4(192, 0, 2, 7) }

test('a connection from here', () => {
  const socket = { ...client, remote_source: 1, state: 1 }
  checkFields(
    eventOf('connect', { socket, fd: 5, result: 0 }),
    `
    fd.num          5
    fd.type         "ipv4"
    fd.typechar     "4"
    fd.name         "10.0.0.1:40000->192.0.2.7:443"
    fd.ip           [167772161,3221225991]
    fd.cip          167772161
    fd.sip          3221225991
    fd.lip          167772161
    fd.rip          3221225991
    fd.snet         3221225991
    fd.sip.name     3221225991
    fd.port         [40000,443]
    fd.cport        40000
    fd.sport        443
    fd.lport        40000
    fd.rport        443
    fd.l4proto      "tcp"
    fd.sockfamily   "ip"
    fd.is_server    false
    fd.connected    true
    fd.name_changed true
    fd.directory    -
    fd.ino          -
    evt.arg.tuple   "10.0.0.1:40000->192.0.2.7:443"
    evt.args        "res=0 tuple=10.0.0.1:40000->192.0.2.7:443 fd=5(<4t>10.0.0.1:40000->192.0.2.7:443) addr=192.0.2.7:443"
    `,
  )
  checkFields(eventOf('connect', { socket, fd: 5, result: -115 }), 'evt.res "EINPROGRESS"')
})

test('a connection to here', () => {
  const ends = { local_port: 443, remote_port: 40000, remote_address: ip4(192, 0, 2, 7) }
  const socket = { ...tcp, ...ends, remote_source: 1 }
  checkFields(
    eventOf('accept', { socket, fd: 6, result: 6 }),
    `
    fd.num       6
    fd.name      "192.0.2.7:40000->10.0.0.1:443"
    fd.cip       3221225991
    fd.sip       167772161
    fd.sport     443
    fd.lport     443
    fd.is_server true
    evt.arg.fd   "<4t>192.0.2.7:40000->10.0.0.1:443"
    `,
  )
  const listening = { ...tcp, local_port: 443 }
  checkFields(
    eventOf('listen', { socket: listening, fd: 6, backlog: 128 }),
    'fd.name "10.0.0.1:443"\nfd.is_server true\nevt.arg.backlog "128"\nfd.num 6',
  )
})

test('IPv6, mapped IPv4 and unix sockets', () => {
  const v6 = {
    ...client,
    family: 10,
    remote_source: 1,
    local_address: new Uint8Array(16).fill(0, 0),
  }
  v6.local_address[15] = 1
  const remote = Uint8Array.from(Buffer.from('20010db8000000000000000000000007', 'hex'))
  checkFields(
    eventOf('connect', { socket: { ...v6, remote_address: remote } }),
    `
    fd.type "ipv6"
    fd.name "[::1]:40000->[2001:db8::7]:443"
    fd.cip  "1n"
    fd.sip  "42540766411282592856903984951653826567n"
    `,
  )
  const mapped = (last: number): Uint8Array =>
    ip4(...Array<number>(10).fill(0), 255, 255, 10, 0, 0, last)
  const both = { ...v6, local_address: mapped(1), remote_address: mapped(2) }
  checkFields(
    eventOf('connect', { socket: both }),
    'fd.type "ipv4"\nfd.name "10.0.0.1:40000->10.0.0.2:443"\nfd.cip 167772161',
  )
  const socket = { family: 1, type: 1, inode: 3 }
  checkFields(
    eventOf('connect', { socket, unix_path: '/run/x.sock', fd: 4 }),
    `
    fd.type       "unix"
    fd.typechar   "u"
    fd.name       "/run/x.sock"
    fd.sockfamily "unix"
    fd.sip        -
    fd.l4proto    "<NA>"
    `,
  )
  checkFields(eventOf('connect', { socket: { family: 16 } }), 'fd.type "other"\nfd.sockfamily -')
  checkFields(eventOf('connect', {}), 'fd.type -\nfd.name -\nfd.is_server -')
})

test('the server is who the call shows, who an earlier one showed, or who has the lower port', () => {
  type Facts = Readonly<Record<'local_port' | 'remote_port', number>> & { readonly role?: number }
  const check = (kind: string, facts: Facts, isServer: boolean): void => {
    const event = eventOf(kind, { socket: { ...tcp, ...facts } })
    assert.equal(readField(event, 'fd.is_server'), isServer, `${kind} ${JSON.stringify(facts)}`)
    assert.equal(readField(event, 'fd.sport'), isServer ? facts.local_port : facts.remote_port)
  }
  const ours = { local_port: 443, remote_port: 40000 }
  const theirs = { local_port: 40000, remote_port: 443 }
  for (const kind of ['send', 'receive', 'dup', 'fd_call']) {
    check(kind, ours, true)
    check(kind, theirs, false)
    check(kind, { local_port: 500, remote_port: 500 }, false)
    check(kind, { local_port: 53, remote_port: 0 }, true)
    check(kind, { local_port: 0, remote_port: 53 }, true)
    check(kind, { ...ours, role: ROLE_CLIENT }, false)
    check(kind, { ...theirs, role: ROLE_SERVER }, true)
    check(kind, { ...theirs, role: 7 }, false)
  }
  check('connect', { ...ours, role: ROLE_SERVER }, false)
  for (const kind of ['accept', 'listen', 'bind']) {
    check(kind, theirs, true)
    check(kind, { ...theirs, role: ROLE_CLIENT }, true)
  }
})

test('a message tells when it goes somewhere else', () => {
  const sockets = new Sockets(newCounters())
  const send = (last: number): FieldValue => {
    const udp = { ...client, type: 2, protocol: 17, remote_source: 2 }
    const socket = { ...udp, remote_address: ip4(192, 0, 2, last) }
    return readField(eventOf('send', { socket, fd: 4 }, { sockets }), 'fd.name_changed')
  }
  assert.deepEqual([send(1), send(1), send(2), send(2), send(1)], [true, false, true, false, true])
})

test('copies of descriptors, ptrace and modules', () => {
  const file = { inode: 1, mode: 0o100600 }
  checkFields(
    eventOf('dup', { file, path: '/tmp/a', old_fd: 3, new_fd: 1, result: 1 }, { type: 'dup2' }),
    'fd.num 1\nfd.name "/tmp/a"\nevt.args "res=1(<f>/tmp/a) oldfd=3(<f>/tmp/a) newfd=1(<f>/tmp/a)"',
  )
  checkFields(
    eventOf('dup', { socket: { ...client, remote_source: 1 }, old_fd: 3, new_fd: 0, result: 0 }),
    'fd.type "ipv4"\nfd.name "10.0.0.1:40000->192.0.2.7:443"\nfd.directory -\nfd.num 0',
  )
  checkFields(
    eventOf('ptrace', { request: 16, target_vpid: 7, address: 255n, data: 2n ** 63n }),
    'evt.args "res=0 addr=FF data=8000000000000000 request=11(PTRACE_ATTACH) pid=7"',
  )
  checkFields(
    eventOf('module', { fd: 3, path: '/lib/m.ko', parameters: 'a=1' }, { type: 'finit_module' }),
    'evt.args "res=0 fd=3(<f>/lib/m.ko) uargs=a=1 flags=0"',
  )
  checkFields(
    eventOf('socket', { family: 16, type: 3, protocol: 0, result: 4 }),
    'evt.args "fd=4 domain=16(AF_ROUTE|AF_NETLINK) type=3 proto=0 flags=0(O_NONE)"\nfd.num 4',
  )
})
