/**
 * The text forms that rules compare numbers in: errnos, capabilities, what an open asks for.
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

/** tcp, udp, icmp or raw; `undefined` for what is none of them. */
export const l4Protocol = (protocol: number, type: number): string | undefined => {
  if (protocol === 6) return 'tcp'
  if (protocol === 17) return 'udp'
  if (protocol === 1 || protocol === 58) return 'icmp'
  return type === 3 ? 'raw' : undefined
}
