/** Alerts as an agent sends them, for tests. */
import type { LinkAlert } from '@bulwark/schema'

/** @param at  makes its uuid */
export const alertAt = (at: number, more: Partial<LinkAlert> = {}): LinkAlert => ({
  uuid: `00000000-0000-4000-8000-${at.toString(16).padStart(12, '0')}`,
  rule: 'A shell',
  priority: 'Notice',
  source: 'syscall',
  tags: ['container'],
  hostname: 'node-1',
  time: '2026-11-18T10:26:40.123456789Z',
  message: 'a shell',
  output: '10:26:40.123456789: Notice a shell',
  output_fields: { 'proc.name': 'sh', 'evt.time': 1 },
  bulwark: {
    container_id: 'c',
    from_user_memory: false,
    pid: 7,
    pod_uid: 'u',
    truncated: [],
  },
  subject: {
    namespace: 'platform',
    pod: 'ci-runner-25ff08462-0eba9',
    container: 'runner',
    programs: [{ executable: '/bin/sh', arguments: ['sh'], directory: '/' }],
    outcome: 'done',
  },
  ...more,
})

export const linesOf = (alerts: readonly unknown[]): string =>
  alerts.map((each) => `${JSON.stringify(each)}\n`).join('')
