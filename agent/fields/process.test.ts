/** Fields of processes, users, times and containers, one line a case. */
import { test } from 'node:test'
import { newContainer, noMetadata } from '../container/container.ts'
import type { Process } from '../process.ts'
import { unknownProcess } from '../process.ts'
import type { Around } from '../testdata/events.ts'
import { eventOf } from '../testdata/events.ts'
import { checkFields } from '../testdata/fields.ts'

const bash: Process = {
  ...unknownProcess(8, 0),
  comm: 'bash',
  exe: '-bash',
  exePath: '/bin/bash',
  sid: 8,
  pgid: 7,
}
const init: Process = { ...unknownProcess(1, 0), comm: 'init', exePath: '/sbin/init' }
const around = (process: Partial<Process> = {}): Around => ({
  type: 'execve',
  process: {
    comm: 'cat',
    exe: 'cat',
    exePath: '/bin/cat',
    args: ['-n', 'a b'],
    cwd: '/tmp',
    cwdOutside: true,
    byThread: true,
    exePathBefore: '/bin/sh',
    tty: 34816,
    sid: 8,
    pgid: 7,
    vpgid: 3,
    vpid: 3,
    exeFlags: 5,
    exeInode: 42,
    parent: { ...bash, parent: init },
    ...process,
  },
})

test('a process and its ancestors', () => {
  const values = { comm: 'cat', syscall: -1, vpid: 3, vtid: 3, cap_effective: 1n << 21n }
  checkFields(
    eventOf('exec', { ...values, euid: 0, egid: 0, login_uid: 0xffff_ffff }, around()),
    `
    proc.name       "cat"
    proc.exe        "cat"
    proc.exepath    "/bin/cat"
    proc.args       "-n a b"
    proc.args[1]    "a b"
    proc.args[2]    ""
    proc.cmdline    "cat -n a b"
    proc.exeline    "cat -n a b"
    proc.cmdnargs   2
    proc.cmdlenargs 5
    proc.cwd        "/tmp/"
    proc.is_cwd_outside_root true
    proc.is_daemonized false
    proc.is_started_on_host false
    proc.is_exec_by_thread true
    proc.exepath_before "/bin/sh"
    proc.tty        34816
    proc.pid        10
    proc.vpid       3
    proc.ppid       1
    proc.sid        8
    proc.sname      "bash"
    proc.pname      "bash"
    proc.pexe       "-bash"
    proc.pexepath   "/bin/bash"
    proc.pcmdline   "bash"
    proc.aname      ["bash","init"]
    proc.aname[0]   "cat"
    proc.aname[1]   "bash"
    proc.aname[2]   "init"
    proc.aname[3]   -
    proc.aargs      -
    proc.aargs[0]   "-n a b"
    proc.aargs[1]   ""
    proc.aargs[9]   -
    proc.aexe       ["-bash",""]
    proc.aexe[1]    "-bash"
    proc.aexe[9]    -
    proc.aexepath[9] -
    proc.loginshellid 8
    proc.pgid       7
    proc.pgid.name  "bash"
    proc.pgid.exe   "-bash"
    proc.vpgid.exepath "/bin/bash"
    proc.is_pgid_leader false
    proc.sid.exe    "-bash"
    thread.nametid  "cat10"
    user.homedir    "/root"
    proc.apid[2]    1
    proc.aexepath   ["/bin/bash","/sbin/init"]
    proc.is_exe_upper_layer true
    proc.is_exe_lower_layer false
    proc.is_exe_from_memfd true
    proc.is_exe_writable false
    proc.pidns_init_start_ts -
    proc.is_vpgid_leader true
    proc.is_sid_leader false
    proc.exe_ino    42
    proc.exe_ino.ctime -
    thread.tid      10
    thread.ismain   true
    thread.cap_effective "CAP_SYS_ADMIN"
    thread.cap_permitted ""
    user.uid        0
    user.name       "root"
    user.loginuid   -1
    user.loginname  "<NA>"
    group.gid       0
    group.name      "root"
    evt.arg.flags   "EXE_UPPER_LAYER|EXE_FROM_MEMFD"
    evt.arg.exe     "cat"
    evt.res         "SUCCESS"
    syscall.type    "execve"
    `,
  )
})

test('when the pid namespace was made, and whether the program could be changed', () => {
  const made = {
    exeFlags: 32,
    namespaceStartNs: 12_000_000_000n,
    exeCtimeNs: 1_795_428_670_000_000_000n,
  }
  checkFields(
    eventOf('exec', {}, { process: made }),
    `
    proc.is_exe_writable true
    evt.arg.flags "EXE_WRITABLE"
    evt.rawarg[flags] 1
    proc.pidns_init_start_ts "1795428672000000000n"
    proc.exe_ino.ctime_duration_pidns_start 2000000000
    `,
  )
  const later = { ...made, exeCtimeNs: 1_795_428_679_000_000_000n }
  checkFields(
    eventOf('exec', { cpu: 4 }, { process: later }),
    'proc.exe_ino.ctime_duration_pidns_start -\nevt.cpu 3',
  )
})

test('a process of which little is known', () => {
  const event = eventOf('fork', { comm: 'x', syscall: -1 }, { process: { parent: undefined } })
  checkFields(
    event,
    `
    proc.exe      -
    proc.exepath  -
    proc.args     ""
    proc.cmdline  ""
    proc.pname    -
    proc.aname    []
    proc.aname[1] -
    proc.cwd      -
    proc.sname    ""
    proc.is_exe_upper_layer -
    proc.ppid.duration -
    syscall.type  -
    evt.res       -
    evt.failed    -
    evt.args      "res=0 exe= args=NULL tid=10 pid=10 ptid=0 cwd= comm= flags=0 uid=0 gid=0 vtid=0 vpid=0"
    `,
  )
  checkFields(eventOf('open', {}, around({ cwd: '/' })), 'proc.cwd "/"')
})

test('the environment, whole and by name', () => {
  const environment = 'PATH=/bin:/usr/bin\0EMPTY=\0BLANKS=  a b  \0PATHS=no\0BARE'
  const grandparent: Process = { ...init, environment: 'HOME=/root\0PATH=/sbin' }
  const parent = { ...bash, environment: 'HOME=\0A=1', parent: grandparent }
  checkFields(
    eventOf('exec', {}, around({ environment, parent })),
    `
    proc.env         "PATH=/bin:/usr/bin EMPTY= BLANKS=  a b   PATHS=no BARE"
    proc.env[0]      "PATH=/bin:/usr/bin EMPTY= BLANKS=  a b   PATHS=no BARE"
    proc.env[PATH]   "/bin:/usr/bin"
    proc.env[EMPTY]  ""
    proc.env[BLANKS] "a b"
    proc.env[BARE]   ""
    proc.env[NONE]   ""
    proc.aenv        ["HOME= A=1","HOME=/root PATH=/sbin"]
    proc.aenv[0]     "PATH=/bin:/usr/bin EMPTY= BLANKS=  a b   PATHS=no BARE"
    proc.aenv[1]     "HOME= A=1"
    proc.aenv[2]     "HOME=/root PATH=/sbin"
    proc.aenv[3]     -
    proc.aenv[HOME]  "/root"
    proc.aenv[A]     "1"
    proc.aenv[NONE]  ""
    `,
  )
  checkFields(
    eventOf('exec', {}, around()),
    'proc.env -\nproc.env[PATH] -\nproc.aenv []\nproc.aenv[1] -\nproc.aenv[PATH] -',
  )
  checkFields(eventOf('exec', {}, around({ environment: '' })), 'proc.env ""\nproc.env[A] ""')
})

test('times', () => {
  const process = { startNs: 12_000_000_000, exeCtimeNs: 1_795_428_671_000_000_000n }
  checkFields(
    eventOf('exec', {}, around(process)),
    `
    evt.rawtime      "1795428672000000345n"
    evt.rawtime.s    1795428672
    evt.rawtime.ns   345
    evt.time.iso8601 "2026-11-23T10:11:12.000000345Z"
    proc.duration    345
    proc.pid.ts      "1795428672000000000n"
    proc.exe_ino.ctime "1795428671000000000n"
    proc.exe_ino.ctime_duration_proc_start 1000000000
    `,
  )
  const later = { startNs: 12_000_000_000, exeCtimeNs: 1_795_428_673_000_000_000n }
  checkFields(eventOf('exec', {}, around(later)), 'proc.exe_ino.ctime_duration_proc_start -')
})

test('containers and pods', () => {
  const named = {
    id: 'a1'.repeat(32),
    podUid: '01234567-89ab-cdef-0123-456789abcdef',
    runtime: 'containerd',
  }
  const metadata = {
    ...noMetadata,
    name: 'wéb',
    image: 'r.example:5000/a/nginx:1.29@sha256:ab',
    imageId: `sha256:${'c3'.repeat(32)}`,
    podName: 'web-1',
    namespace: 'shop',
    podUid: 'other',
    podIp: '10.1.2.3',
    privileged: true,
    startedNs: 5n,
    hostNetwork: false,
    sandboxId: 'd4'.repeat(32),
    labels: [['io.kubernetes.pod.name', 'web-1'] as const, ['tier', 'é'] as const],
    podLabels: [['app', 'web'] as const, ['canary', ''] as const, ['tier', 'front'] as const],
    mounts: [
      { source: '/proc', destination: '/host/proc', mode: '', writable: false, propagation: '' },
      { source: '/a b', destination: '/b', mode: '', writable: true, propagation: 'rslave' },
    ],
  }
  const container = { ...newContainer(named), metadata }
  checkFields(
    eventOf('open', {}, { container }),
    `
    container.id      "a1a1a1a1a1a1"
    container.full_id "${container.id}"
    container.name    "w\u00c3\u00a9b"
    container.image.repository "r.example:5000/a/nginx"
    container.image.tag "1.29"
    container.image.digest "sha256:ab"
    container.type    "containerd"
    container.privileged true
    container.start_ts "5n"
    k8s.pod.name      "web-1"
    k8s.ns.name       "shop"
    k8s.pod.uid       "01234567-89ab-cdef-0123-456789abcdef"
    container.image.id "c3c3c3c3c3c3"
    container.ip      "10.1.2.3"
    k8s.pod.ip        "10.1.2.3"
    container.host_network false
    container.host_pid -
    k8s.pod.sandbox_id "d4d4d4d4d4d4"
    k8s.pod.label[app] "web"
    k8s.pod.label[canary] ""
    k8s.pod.label[none] -
    k8s.pod.labels    "app:web, canary, tier:front"
    k8smeta.pod.labels ["app:web","canary","tier:front"]
    container.label[tier] "\u00c3\u00a9"
    container.label[io.kubernetes.pod.name] "web-1"
    container.labels  "tier:\u00c3\u00a9"
    container.mounts  "/proc:/host/proc::false: /a b:/b::true:rslave"
    container.mount[1] "/a b:/b::true:rslave"
    container.mount[2] -
    container.mount[/proc*] "/proc:/host/proc::false:"
    container.mount.dest[/proc*] "/host/proc"
    container.mount.dest[/etc*] -
    container.mount.source[/b] "/a b"
    container.mount.rdwr[0] "false"
    container.mount.propagation[/a*] "rslave"
    `,
  )
  const early = newContainer({ ...named, podUid: undefined, runtime: undefined })
  checkFields(
    eventOf('open', {}, { container: early }),
    'container.id "a1a1a1a1a1a1"\ncontainer.name -\ncontainer.type -\nk8s.pod.uid -\nk8s.ns.name -',
  )
  checkFields(eventOf('open'), 'container.id "host"\ncontainer.full_id -\nk8s.ns.name -')
})
