/**
 * What was lost or left out on this side, by place. The kernel side's counters (`places` in the
 * schema) are joined to it by the agent. Numbers only go up.
 */
export interface Counters {
  /** Events seen. */
  events: number
  /** Records that were not what the schema says. */
  badRecords: number
  /** Events of a process that the table did not know, read from /proc or from the event alone. */
  healedProcesses: number
  /** Events whose cgroup is known by no path. */
  unattributed: number
  /** Cgroups that were not told when they were made, and were found by a process in them. */
  healedCgroups: number
  /** Cgroups named after a container that lives elsewhere: taken for what they stand in. */
  disguisedCgroups: number
  /** Entries of processes whose end was lost, dropped. */
  sweptProcesses: number
  /** Most bytes that ever waited in the ring at a look, and the longest that a record waited. */
  ringBytesMax: number
  lagNsMax: number
  /** Containers that had ended before anything but their cgroup was known of them. */
  bareContainers: number
  /** Calls of the CRI socket that failed, were late, or answered what is no answer. */
  criFaults: number
  /** Containers that the runtime did not know any more, or not over CRI. */
  criUnknown: number
  /** Containers that were not asked for one by one, because too many were. */
  criOverflows: number
  /** Pods with labels beside those that are kept of what it tells. */
  criFlaws: number
  /** Requests to the API server that failed, and those that it left without a word. */
  apiFaults: number
  apiStalls: number
  /** How often all had to be listed again: a watch could not go on. */
  apiRelists: number
  /** Versions older than one that the API server had told before. */
  apiBackInTime: number
  /** Objects that are none, or too large; and parts of others that were left out. */
  apiBadObjects: number
  apiFlaws: number
  /** Pods, namespaces and policies for which there was no room. */
  apiOverflows: number
  /** Pods that say they have another's container, or static pod. */
  disguisedPods: number
  /** Entries dropped because a table was full. */
  evictedProcesses: number
  evictedCgroups: number
  evictedContainers: number
  evictedSockets: number
  /** Files that run, of which there was no room for more; and whose path was cut. */
  usedFilesOver: number
  usedFilesCut: number
  /** A rule threw while it was evaluated. */
  ruleFaults: number
}

/** All zero. */
export const newCounters = (): Counters => ({
  events: 0,
  badRecords: 0,
  healedProcesses: 0,
  unattributed: 0,
  healedCgroups: 0,
  bareContainers: 0,
  criFaults: 0,
  criUnknown: 0,
  criOverflows: 0,
  criFlaws: 0,
  apiFaults: 0,
  apiStalls: 0,
  apiRelists: 0,
  apiBackInTime: 0,
  apiBadObjects: 0,
  apiFlaws: 0,
  apiOverflows: 0,
  disguisedPods: 0,
  disguisedCgroups: 0,
  sweptProcesses: 0,
  ringBytesMax: 0,
  lagNsMax: 0,
  evictedProcesses: 0,
  evictedCgroups: 0,
  evictedContainers: 0,
  evictedSockets: 0,
  usedFilesOver: 0,
  usedFilesCut: 0,
  ruleFaults: 0,
})
