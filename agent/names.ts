/**
 * The text forms that rules compare numbers in: flags, errnos, capabilities, address families.
 * Numbers are Linux's, the same on x86-64 and arm64 where nothing else is said.
 */
import { constants } from 'node:os'
import type { Machine } from '@bulwark/schema'

const errnoByNumber: ReadonlyMap<number, string> = (() => {
  const names = new Map<number, string>()
  // First name wins: EAGAIN before EWOULDBLOCK.
  for (const [name, number] of Object.entries(constants.errno)) {
    if (!names.has(number)) names.set(number, name)
  }
  return names
})()

/** Name of an errno, 1 and up; the number as text when it has none. */
export const errnoName = (errno: number): string => errnoByNumber.get(errno) ?? String(errno)

/** `SUCCESS`, or the errno's name of a negative result. */
export const resultName = (result: number): string => (result >= 0 ? 'SUCCESS' : errnoName(-result))

const directoryBit: Readonly<Record<Machine, number>> = { x64: 0o200000, arm64: 0o40000 }

/** Those that differ between machines; 32-bit programs of x86 have the same. */
const openBitsOf: Readonly<Record<Machine, readonly (readonly [bit: number, name: string])[]>> = {
  x64: [
    [0o40000, 'O_DIRECT'],
    [0o100000, 'O_LARGEFILE'],
    [directoryBit.x64, 'O_DIRECTORY'],
    [0o400000, 'O_NOFOLLOW'],
  ],
  arm64: [
    [0o200000, 'O_DIRECT'],
    [0o400000, 'O_LARGEFILE'],
    [directoryBit.arm64, 'O_DIRECTORY'],
    [0o100000, 'O_NOFOLLOW'],
  ],
}

const openBits = (machine: Machine): readonly (readonly [bit: number, name: string])[] => [
  [0o100, 'O_CREAT'],
  [0o200, 'O_EXCL'],
  [0o400, 'O_NOCTTY'],
  [0o1000, 'O_TRUNC'],
  [0o2000, 'O_APPEND'],
  [0o4000, 'O_NONBLOCK'],
  [0o10000, 'O_DSYNC'],
  ...openBitsOf[machine],
  [0o1000000, 'O_NOATIME'],
  [0o2000000, 'O_CLOEXEC'],
  [0o10000000, 'O_PATH'],
  [0o20000000, 'O_TMPFILE'],
]

const openNames = { x64: openBits('x64'), arm64: openBits('arm64') }

const accessModes: readonly string[] = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_RDWR']

/** Names of open(2) flags, joined with `|`. */
export const openFlagNames = (flags: number, machine: Machine): string =>
  [accessModes[flags & 3] ?? 'O_RDONLY']
    .concat(openNames[machine].filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name))
    .join('|')

/** Whether an open takes directories only. */
export const opensDirectory = (flags: number, machine: Machine): boolean =>
  (flags & directoryBit[machine]) !== 0

/** Whether an open asks to read, to write, to make the file. */
export const opensForRead = (flags: number): boolean => (flags & 3) !== 1
export const opensForWrite = (flags: number): boolean => (flags & 3) === 1 || (flags & 3) === 2
/** O_TMPFILE. */
export const opensWithoutName = (flags: number): boolean => (flags & 0o20000000) !== 0
export const opensToCreate = (flags: number): boolean => (flags & (0o100 | 0o20000000)) !== 0

const capabilities = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE ' +
  'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO ' +
  'SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME ' +
  'SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG ' +
  'WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ')

/** Names of the capabilities of a mask, with blanks between. */
export const capabilityNames = (mask: number | bigint): string => {
  const bits = BigInt(mask)
  return capabilities
    .filter((_, bit) => (bits >> BigInt(bit)) & 1n)
    .map((name) => `CAP_${name}`)
    .join(' ')
}

const families = (
  'UNSPEC UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI ' +
  'SECURITY KEY NETLINK PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN ' +
  'TIPC BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP'
).split(' ')

/** `AF_INET` and so on; the number as text when it has no name. */
export const familyName = (family: number): string => {
  const name = families[family]
  return name === undefined ? String(family) : `AF_${name}`
}

const ptraceRequests: ReadonlyMap<number, string> = new Map([
  [0, 'TRACEME'],
  [1, 'PEEKTEXT'],
  [2, 'PEEKDATA'],
  [3, 'PEEKUSR'],
  [4, 'POKETEXT'],
  [5, 'POKEDATA'],
  [6, 'POKEUSR'],
  [7, 'CONT'],
  [8, 'KILL'],
  [9, 'SINGLESTEP'],
  [12, 'GETREGS'],
  [13, 'SETREGS'],
  [14, 'GETFPREGS'],
  [15, 'SETFPREGS'],
  [16, 'ATTACH'],
  [17, 'DETACH'],
  [24, 'SYSCALL'],
  [31, 'SYSEMU'],
  [32, 'SYSEMU_SINGLESTEP'],
  [0x4200, 'SETOPTIONS'],
  [0x4201, 'GETEVENTMSG'],
  [0x4202, 'GETSIGINFO'],
  [0x4203, 'SETSIGINFO'],
  [0x4204, 'GETREGSET'],
  [0x4205, 'SETREGSET'],
  [0x4206, 'SEIZE'],
  [0x4207, 'INTERRUPT'],
  [0x4208, 'LISTEN'],
  [0x4209, 'PEEKSIGINFO'],
])

/** `PTRACE_ATTACH` and so on; the number as text when it has no name. */
export const ptraceName = (request: number): string => {
  const name = ptraceRequests.get(request)
  return name === undefined ? String(request) : `PTRACE_${name}`
}

/** tcp, udp, icmp or raw; `undefined` for what is none of them. */
export const l4Protocol = (protocol: number, type: number): string | undefined => {
  if (protocol === 6) return 'tcp'
  if (protocol === 17) return 'udp'
  if (protocol === 1 || protocol === 58) return 'icmp'
  return type === 3 ? 'raw' : undefined
}
