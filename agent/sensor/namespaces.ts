/** Whether this process is in the machine's own namespaces: what it reads in /proc goes by them. */
import { readlinkSync } from 'node:fs'

/** Inode numbers, the same on every kernel (include/linux/proc_ns.h). */
const hostNumbers = { cgroup: 4026531835, pid: 4026531836, user: 4026531837 } as const

/** A kind of namespaces. */
export type NamespaceKind = keyof typeof hostNumbers

/** Whether the link of a namespace below /proc/PID/ns names the machine's own one. */
export const isHosts = (kind: NamespaceKind, link: string): boolean =>
  link === `${kind}:[${hostNumbers[kind]}]`

/** Asks the machine. */
export const inHostNamespace = (kind: NamespaceKind): boolean => {
  try {
    return isHosts(kind, readlinkSync(`/proc/self/ns/${kind}`))
  } catch {
    return true // a kernel without namespaces of this kind
  }
}
