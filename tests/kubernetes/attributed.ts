/** What is seen of containers, and what each event of one must know of its pod. */
import assert from 'node:assert/strict'
import type { Seen } from '../kernel/watcher.ts'

/** What pods of `webPod` are, in the namespace of the tests. */
export const ofWeb = {
  'k8s.ns.name': 'shop',
  'k8smeta.ns.label[env]': 'prod',
  'k8s.pod.label[app]': 'web',
  'k8s.workload.kind': 'Deployment',
  'k8s.workload.name': 'web',
  'k8s.sa.name': 'web-account',
  'container.host_pid': false,
  'container.host_network': false,
} as const

const fieldsOf = (seen: Seen, expected: object): object =>
  Object.fromEntries(Object.keys(expected).map((key) => [key, seen.get(key)]))

/** What ran in a container, and not the runtime's own steps before it. */
export const isProgram = (each: Seen): boolean => each.get('proc.exepath') === '/bin/busybox'

/** All events of a container, from its first on; at least its program's. */
export const eventsOf = (seen: readonly Seen[], id: string): readonly Seen[] => {
  const own = seen.filter((each) => each.get('container.id') === id.slice(0, 12))
  assert.ok(own.some(isProgram), `${own.length} events of ${id}, none of its program`)
  return own
}

/** There are events, and each has these fields. */
export const checkAll = (events: readonly Seen[], expected: object): void => {
  assert.ok(events.length > 0)
  for (const each of events) assert.deepEqual(fieldsOf(each, expected), expected)
}
