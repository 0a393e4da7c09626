/**
 * What the kernel can read of each field, by kind and type of event. It mirrors the accessors of
 * the agent (`agent/fields/`), and is held to them by a property test there.
 */
import type { FieldRef } from '@bulwark/schema'
import { EventNumber, RECORD_OPENING, byteString } from '@bulwark/schema'
import { allOf, cgroupIs, inverse, numberIn, someBit } from './make-plan.ts'
import type { Possible, Reading } from './reading.ts'
import { absent, always, constantly, only, unknown } from './reading.ts'
import { argumentReading } from './record-arguments.ts'
import { capabilityReading } from './record-words.ts'
import { environmentReading, execReadings } from './record-execs.ts'
import { factReadings } from './record-facts.ts'
import { fileReadings } from './record-files.ts'
import type { ReadField, Readings, RecordKind } from './record-kind.ts'
import { errorReading, numberOf, truth, where } from './record-kind.ts'
import { absolutePath, pathReadings } from './record-paths.ts'
import { ancestorName, processReadings } from './record-process.ts'
import { socketReadings } from './record-sockets.ts'
import { userReadings } from './record-users.ts'

const noLogin = 0xffff_ffffn

const headerReadings: Readings = {
  'proc.name': ({ places }) => always({ is: 'text', at: places.text('comm'), isPath: false }),
  'proc.pid': numberOf('pid'),
  'proc.ppid': numberOf('ppid'),
  'proc.vpid': numberOf('vpid'),
  'thread.tid': numberOf('tid'),
  'thread.vtid': numberOf('vtid'),
  'user.uid': numberOf('euid'),
  'group.gid': numberOf('egid'),
  'user.loginuid': ({ places }) => {
    const at = places.number('login_uid')
    const isNone = numberIn(at, [noLogin])
    return [
      { when: isNone, value: { is: 'constant', value: -1 } },
      { when: inverse(isNone), value: { is: 'number', at } },
    ]
  },
  'evt.cpu': ({ places }) => {
    const at = places.number('cpu')
    return only(inverse(numberIn(at, [0n])), { is: 'number', at, plus: -1n })
  },
  'evt.rawres': ({ places, isSyscall }) =>
    only(isSyscall, { is: 'number', at: places.number('result'), isRounded: true }),
  'evt.failed': ({ failed, isSyscall }) => where(isSyscall, truth(failed)),
  'evt.res': (of) =>
    where(of.isSyscall, [
      { when: of.done, value: { is: 'constant', value: 'SUCCESS' } },
      ...errorReading(of),
    ]),
  'thread.cap_permitted': capabilityReading('cap_permitted'),
  'thread.cap_inheritable': capabilityReading('cap_inheritable'),
  'thread.cap_effective': capabilityReading('cap_effective'),
  'evt.is_opening': ({ kind, places }) =>
    kind === EventNumber.send ? truth(someBit(places.number('flags'), RECORD_OPENING)) : absent,
  'evt.buffer': ({ kind, places }) =>
    kind === EventNumber.send || kind === EventNumber.receive
      ? always({ is: 'start', at: places.text('payload'), bytes: bufferBytes })
      : absent,
}

/** Bytes of a message that rules see. */
const bufferBytes = 80

/** `container.id`: of the host a word, of a container anything else. */
const containerId: ReadField = ({ facts }) => {
  const id: Possible = unknown('which container it is', ['host'])
  if (!facts.tellsCgroups) return always(unknown('which cgroups are of containers'))
  return [
    { when: cgroupIs('host'), value: { is: 'constant', value: 'host' } },
    { when: cgroupIs('container'), value: id },
    { when: cgroupIs('unknown'), value: unknown('a cgroup that is not known'), isLack: true },
  ]
}

/** What only containers have. */
const ofContainer: ReadField = ({ facts }) =>
  only(
    facts.tellsCgroups ? inverse(cgroupIs('host')) : allOf([]),
    unknown('what the runtime tells of a container'),
  )

/** Why user space alone can read a field, by the begin of its name; the first that fits. */
const reasons: readonly (readonly [begin: RegExp, why: string])[] = [
  [/^proc\.(?:a(?!rgs$)|p(?:exe|cmdline|vpid|pid))/, 'the ancestors of a process'],
  [/^proc\./, 'what is kept of a process'],
  [/^(?:user|group)\./, 'names of users and groups'],
  [/^thread\./, 'what is kept of a thread'],
  [/^dns\./, 'what is asked of name servers'],
  [/^evt\.(?:num|count)/, 'the order of events'],
  [/^evt\.(?:time|datetime|rawtime|reltime|outputtime)/, 'the time of day'],
  [/^evt\.(?:args|info|rawarg)$/, 'arguments of a call as they are shown'],
  [/./, 'something of user space'],
]

const read: Readings = {
  ...headerReadings,
  ...factReadings,
  ...fileReadings,
  ...socketReadings,
  ...pathReadings,
  ...processReadings,
  ...userReadings,
  'container.id': containerId,
}

/** What a field may be on a kind of record. */
export const readingOf = (ref: FieldRef, of: RecordKind): Reading => {
  const { name, constant, unsupported } = ref.field
  if (constant !== undefined) return constantly(byteString(constant))
  const own = (of.kind === EventNumber.exec ? execReadings[name] : undefined) ?? read[name]
  if (own) return own(of)
  if (unsupported !== undefined) return absent
  if (name === 'proc.aname') return ancestorName(ref.argument)(of)
  if (name === 'proc.env' && of.kind === EventNumber.exec) {
    return environmentReading(ref.argument)(of)
  }
  if (name === 'evt.arg') return argumentReading(ref.argument, of)
  if (name === 'evt.abspath') return absolutePath(ref.argument, of)
  if (/^(?:container|image|k8s|k8smeta)\./.test(name)) return ofContainer(of)
  return always(unknown(reasons.find(([begin]) => begin.test(name))?.[1] ?? ''))
}
