/**
 * The fields that Falco's own rules use, on events that have them and on one that has hardly any.
 * tests/conformance looks whether one is missing here and in the other tests of this folder.
 */
import { test } from 'node:test'
import { eventOf } from '../testdata/events.ts'
import { checkFields } from '../testdata/fields.ts'

const four = (...first: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(16)
  bytes.set(first)
  return bytes
}

test('an event of which nothing is known but its process', () => {
  checkFields(
    eventOf('exit', { comm: 'x', syscall: -1 }),
    `
    evt.num            1
    evt.dir            "<"
    evt.type           "procexit"
    evt.rawres         -
    evt.arg.cmd        -
    evt.arg.domain     -
    evt.arg.fd         -
    evt.arg.filename   -
    evt.arg.flags      -
    evt.arg.linkpath   -
    evt.arg.mode       -
    evt.arg.name       -
    evt.arg.newpath    -
    evt.arg.oldpath    -
    evt.arg.path       -
    evt.arg.request    -
    evt.arg.target     -
    evt.arg.uid        -
    evt.is_open_read   false
    evt.is_open_write  false
    evt.is_open_exec   false
    fd.cip             -
    fd.cip.name        -
    fd.cnet            -
    fd.ip              -
    fd.lip.name        -
    fd.lport           -
    fd.name_changed    -
    fd.nameraw         -
    fd.net             -
    fd.port            -
    fd.rip             -
    fd.rip.name        -
    fd.rnet            -
    fd.rport           -
    fd.sip.name        -
    fd.snet            -
    fd.sport           -
    fd.typechar        -
    proc.pcmdline      -
    proc.pexe          -
    proc.pexepath      -
    proc.exe_ino.mtime -
    proc.is_exe_from_memfd -
    container.image.repository -
    container.mounts   -
    container.mount.dest[0] -
    container.privileged -
    container.start_ts -
    k8s.pod.name       -
    `,
  )
})

test('a connection, by all its names', () => {
  const ends = { local_port: 40_000, remote_port: 443, remote_source: 1, state: 1 }
  const addresses = {
    local_address: four(10, 0, 0, 1),
    remote_address: four(192, 0, 2, 7),
  }
  const socket = { inode: 1, family: 2, type: 1, protocol: 6, ...ends, ...addresses }
  checkFields(
    eventOf('connect', { socket, fd: 5 }),
    `
    fd.net       [167772161,3221225991]
    fd.cnet      167772161
    fd.snet      3221225991
    fd.lnet      167772161
    fd.rnet      3221225991
    fd.cip.name  167772161
    fd.sip.name  3221225991
    fd.lip.name  167772161
    fd.rip.name  3221225991
    fd.proto     [40000,443]
    fd.cproto    "40000"
    fd.sproto    "443"
    fd.lproto    "40000"
    fd.rproto    "443"
    fd.uid       "105"
    fd.containername "host:10.0.0.1:40000->192.0.2.7:443"
    fd.containerdirectory -
    evt.arg.fd   "<4t>10.0.0.1:40000->192.0.2.7:443"
    `,
  )
})

test('arguments that the official rules ask for', () => {
  const two = { old_path: 'a', old_base: '/x', new_path: '/y', new_base: '/x' }
  checkFields(eventOf('rename', two), 'evt.arg.oldpath "/x/a"\nevt.arg.newpath "/y"')
  checkFields(eventOf('symlink', two), 'evt.arg.target "a"\nevt.arg.linkpath "/y"')
  const one = { raw_path: 'f', base: '/x' }
  checkFields(eventOf('unlink', one), 'evt.arg.path "/x/f"')
  checkFields(eventOf('unlink', one, { type: 'unlinkat' }), 'evt.arg.name "/x/f"')
  const mode = { call: { arg1: 0o4711 } }
  checkFields(
    eventOf('path_call', { ...one, ...mode }, { type: 'chmod' }),
    `
    evt.arg.filename "/x/f"
    evt.arg.mode     "S_IXOTH|S_IXGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"
    `,
  )
  checkFields(eventOf('ptrace', { request: 16 }), 'evt.arg.request "PTRACE_ATTACH"')
  checkFields(eventOf('socket', { family: 17 }), 'evt.arg.domain "AF_PACKET"')
  const bpf = eventOf('syscall', { call: { arg0: 5 } }, { type: 'bpf' })
  checkFields(bpf, 'evt.arg.cmd "BPF_PROG_LOAD"')
  const setuid = eventOf('syscall', { call: { arg0: 0 } }, { type: 'setuid' })
  checkFields(setuid, 'evt.arg.uid "root"')
})

test('when the executable changed, and which rights were there before a new user namespace', () => {
  const process = {
    exeMtimeNs: 7,
    capabilities: { effective: 0, permitted: 1 << 13, inheritable: 0 },
  }
  checkFields(eventOf('exec', {}, { process }), 'proc.exe_ino.mtime 7')
  const all = { cap_permitted: 0x1ffffffffffn, cap_effective: 0n }
  const after = (type: string, result: number): ReturnType<typeof eventOf> =>
    eventOf('syscall', { ...all, result }, { type, process })
  checkFields(after('unshare', 0), 'thread.cap_permitted "CAP_NET_RAW"')
  checkFields(after('setns', 0), 'thread.cap_permitted "CAP_NET_RAW"')
  const refused = eventOf('syscall', { result: -1 }, { type: 'unshare', process })
  checkFields(refused, 'thread.cap_permitted ""')
})
