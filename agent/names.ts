/**
 * The text forms that rules compare numbers in: errnos, capabilities, what an open asks for.
 * Numbers are Linux's, the same on x86-64 and arm64 where nothing else is said.
 */
import type { Machine } from '@bulwark/schema'
import { callNames, errorNames } from '@bulwark/schema'

/** Name of an errno, 1 and up; the number as text when it has none. */
export const errnoName = (errno: number): string => errorNames.get(errno) ?? String(errno)

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

/** Names of the capabilities of a mask, with blanks between. */
export const capabilityNames = (mask: number | bigint): string => {
  const bits = BigInt(mask)
  return callNames.capabilities.filter((_, bit) => (bits >> BigInt(bit)) & 1n).join(' ')
}

/** tcp, udp, icmp or raw; `undefined` for what is none of them. */
export const l4Protocol = (protocol: number, type: number): string | undefined => {
  if (protocol === 6) return 'tcp'
  if (protocol === 17) return 'udp'
  if (protocol === 1 || protocol === 58) return 'icmp'
  return type === 3 ? 'raw' : undefined
}
