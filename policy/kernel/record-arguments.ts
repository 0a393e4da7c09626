/**
 * Arguments of events by name and number, `evt.arg`: names, order and forms are those of the
 * agent's `arguments.ts` and `call-arguments.ts`. What is told of an argument only in words that
 * user space makes is left to it.
 */
import type { FieldRef, Parameter } from '@bulwark/schema'
import { EventNumber, RECORD_NO_ARGUMENTS, callNames, callShapeOf } from '@bulwark/schema'
import { allOf, inverse, numberBelow, numberIn, someBit } from './make-plan.ts'
import type { NumberAt } from './plan.ts'
import type { Possible, Reading } from './reading.ts'
import { absent, always, only, unknown } from './reading.ts'
import type { Width } from './record-calls.ts'
import { ofArgument } from './record-calls.ts'
import { fileName } from './record-files.ts'
import type { ReadField, RecordKind } from './record-kind.ts'
import { errorReading, isEmpty, textOfRecord, where } from './record-kind.ts'
import { callPath, mountSource, mountTarget, newPath, oldPath } from './record-paths.ts'
import { named, wordsAt } from './record-words.ts'

type Names = Parameters<typeof named>[1]

/** An argument: what it is called, and how it is read. */
type Argument = readonly [name: string, read: ReadField]

const shown: Reading = always(unknown('an argument as it is shown'))

const left = (name: string): Argument => [name, () => shown]
const lacking = (name: string): Argument => [name, () => absent]

const digits =
  (member: string, radix: 10 | 16 = 10): ReadField =>
  ({ places }) =>
    always({ is: 'digits', at: places.number(member), radix })

const decimal = (name: string, member = name): Argument => [name, digits(member)]
const hex = (name: string, member = name): Argument => [name, digits(member, 16)]

const flags = (name: string, member: string, names: Names): Argument => [
  name,
  ({ places }) => always(named(places.number(member), names)),
]

const text = (name: string, member: string): Argument => [name, (of) => textOfRecord(of, member)]

const result: Argument = [
  'res',
  (of) => [
    ...errorReading(of),
    ...only(of.done, { is: 'digits', at: of.places.number('result'), radix: 10 }),
  ],
]

const tuple = left('tuple')
const fd = left('fd')
const dirfd = lacking('dirfd')

const createBits = 0o100 | 0o20000000

const openMode: Argument = [
  'mode',
  ({ type, places }) => {
    const mode: Possible = { is: 'digits', at: places.number('open_mode'), radix: 8 }
    if (type === 'creat') return always(mode)
    const makes = someBit(places.number('open_flags'), createBits)
    return [
      { when: makes, value: mode },
      { when: inverse(makes), value: { is: 'constant', value: '0' } },
    ]
  },
]

const openFlags: Argument = [
  'flags',
  ({ places, facts }) => {
    const asked = wordsAt(
      places.number('open_flags'),
      callNames.openFlags[facts.machine].parts ?? [],
    )
    const found = wordsAt(places.number('file.file_flags'), callNames.openFacts.parts ?? [])
    const words = asked && found && [...asked, ...found]
    return words ? always({ is: 'words', words, separator: '|', none: 'digits' }) : shown
  },
]

const fileIdentity: readonly Argument[] = [hex('dev', 'file.device'), decimal('ino', 'file.inode')]
const openName: Argument = ['name', fileName]
const twoPaths: readonly Argument[] = [result, ['oldpath', oldPath], ['newpath', newPath]]
const parameters = text('uargs', 'parameters')
const target = text('target', 'old_path')
const queue = ['queuepct', 'queuelen', 'queuemax'].map(lacking)

const messageBytes: Argument = [
  'size',
  ({ done, places }) => only(done, { is: 'digits', at: places.number('result'), radix: 10 }),
]
const messageFlags = hex('flags', 'message_flags')
const sent = [fd, messageBytes, tuple, messageFlags]
const control = lacking('msgcontrol')

/** An argument of the call, in names. */
const callFlags = (name: string, index: number, names: Names): Argument => [
  name,
  (of) => ofArgument(of, index, 'u32', (at) => named(at, names)),
]

const mountType: Argument = [
  'type',
  (of) => {
    const isUntold = isEmpty(of, 'type_heard')
    return [
      ...where(inverse(isUntold), textOfRecord(of, 'type_heard')),
      ...where(isUntold, textOfRecord(of, 'type')),
    ]
  },
]

const protection = flags('prot', 'protection', callNames.protectionFlags)
const memorySizes = ['vm_size', 'vm_rss', 'vm_swap'].map(lacking)

const byKind: Readonly<Record<number, readonly Argument[] | undefined>> = {
  [EventNumber.open]: [fd, openName, openFlags, openMode, ...fileIdentity],
  [EventNumber.unlink]: [result, ['path', newPath]],
  [EventNumber.rename]: twoPaths,
  [EventNumber.link]: twoPaths,
  [EventNumber.symlink]: [result, target, ['linkpath', newPath]],
  [EventNumber.socket]: [
    fd,
    flags('domain', 'family', callNames.families),
    decimal('type'),
    decimal('proto', 'protocol'),
    flags('flags', 'type', callNames.socketFlags),
  ],
  [EventNumber.connect]: [result, tuple, fd, left('addr')],
  [EventNumber.accept]: [fd, tuple, ...queue],
  [EventNumber.listen]: [result, fd, decimal('backlog')],
  [EventNumber.send]: [result, left('data'), ...sent],
  [EventNumber.receive]: [result, left('data'), tuple, fd, messageBytes, messageFlags],
  [EventNumber.io_uring]: [
    result,
    decimal('entries'),
    decimal('sq_entries', 'submission_entries'),
    decimal('cq_entries', 'completion_entries'),
    flags('flags', 'setup_flags', callNames.ringFlags),
    decimal('sq_thread_cpu', 'thread_cpu'),
    decimal('sq_thread_idle', 'thread_idle_ms'),
    flags('features', 'features', callNames.ringFeatures),
  ],
  [EventNumber.bind]: [result, left('addr'), fd],
  [EventNumber.dup]: [left('res'), left('oldfd'), left('newfd')],
  [EventNumber.mount]: [
    result,
    text('dev', 'source'),
    ['dir', mountTarget],
    mountType,
    callFlags('flags', 3, callNames.mountFlags),
    ['source', mountSource],
  ],
  [EventNumber.memory]: [result, hex('addr', 'address'), decimal('length'), protection],
  [EventNumber.ptrace]: [
    result,
    hex('addr', 'address'),
    left('data'),
    flags('request', 'request', callNames.ptraceRequests),
    decimal('pid', 'target_vpid'),
  ],
  [EventNumber.module]: [result, lacking('img'), decimal('length', 'image_bytes'), parameters],
}

/** Calls that have other parameters than the first of their kind. */
const byType: Readonly<Record<string, readonly Argument[] | undefined>> = {
  openat: [fd, dirfd, openName, openFlags, openMode, ...fileIdentity],
  openat2: [fd, dirfd, openName, openFlags, openMode, lacking('resolve'), ...fileIdentity],
  creat: [
    fd,
    openName,
    openMode,
    ...fileIdentity,
    flags('creat_flags', 'file.file_flags', callNames.creatFacts),
    openFlags,
  ],
  open_by_handle_at: [fd, lacking('mountfd'), openFlags, ['path', fileName], ...fileIdentity],
  accept4: [fd, tuple, ...queue, lacking('flags')],
  dup: [left('res'), left('oldfd')],
  dup3: [left('res'), left('oldfd'), left('newfd'), lacking('flags')],
  sendmmsg: [result, fd, messageBytes, left('data'), tuple, messageFlags],
  recvmsg: [result, messageBytes, left('data'), tuple, control, fd, messageFlags],
  recvmmsg: [result, fd, messageBytes, left('data'), tuple, control, messageFlags],
  recv: [result, left('data'), fd, messageBytes, tuple, messageFlags],
  pivot_root: [result, ['newpath', mountSource], ['oldpath', mountTarget]],
  move_mount: [
    result,
    ['oldpath', mountSource],
    ['newpath', mountTarget],
    callFlags('flags', 4, callNames.moveMountFlags),
  ],
  mmap: [
    result,
    ...memorySizes,
    hex('addr', 'address'),
    decimal('length'),
    protection,
    flags('flags', 'map_flags', callNames.mapFlags),
    fd,
    decimal('offset'),
  ],
  unlinkat: [result, dirfd, ['name', newPath], flags('flags', 'call_flags', callNames.atFlags)],
  renameat: [
    result,
    lacking('olddirfd'),
    ['oldpath', oldPath],
    lacking('newdirfd'),
    ['newpath', newPath],
  ],
  renameat2: [
    result,
    lacking('olddirfd'),
    ['oldpath', oldPath],
    lacking('newdirfd'),
    ['newpath', newPath],
    flags('flags', 'call_flags', callNames.renameFlags),
  ],
  linkat: [
    result,
    lacking('olddir'),
    ['oldpath', oldPath],
    lacking('newdir'),
    ['newpath', newPath],
    flags('flags', 'call_flags', callNames.atFlags),
  ],
  symlinkat: [result, target, lacking('linkdirfd'), ['linkpath', newPath]],
  finit_module: [
    result,
    left('fd'),
    parameters,
    flags('flags', 'call_flags', callNames.moduleFlags),
  ],
}

// --- Calls told in a shape ----------------------------------------------------------------------

const permissionBits = 0o7777
const workingDirectory = -100n

/** A descriptor that is not the event's own: its number, a directory, or an error. */
const otherDescriptor = (of: RecordKind, index: number): Reading =>
  ofArgument(of, index, 'i32', (at) => ({ is: 'digits', at, radix: 10 })).flatMap((each) => {
    if (each.value.is !== 'digits') return [each]
    const { at } = each.value
    const isHere = numberIn(at, [workingDirectory])
    const isOther = allOf([numberBelow(at, 0n), inverse(isHere)])
    return where(each.when, [
      { when: inverse(numberBelow(at, 0n)), value: each.value },
      { when: isHere, value: { is: 'constant', value: 'AT_FDCWD' } },
      { when: isOther, value: unknown('names of errors') },
    ])
  })

const integers: Readonly<Record<string, Width | undefined>> = {
  i32: 'i32',
  u32: 'i32',
  pid: 'i32',
  i64: 'i64',
  u64: 'i64',
}

const memberOf = (of: RecordKind, name: string): Reading =>
  of.places.has(name) ? textOfRecord(of, name) : shown

/** A parameter of a call, where the record has the arguments. */
const parameterReading = (of: RecordKind, { form, index }: Parameter): Reading => {
  const as = (width: Width, make: (at: NumberAt) => Possible): Reading =>
    ofArgument(of, index, width, make)
  const width = integers[form]
  if (width !== undefined) return as(width, (at) => ({ is: 'digits', at, radix: 10 }))
  const names = callNames.namesOfForm[form]
  if (names) {
    const table = 'text' in names ? names : names[of.facts.machine]
    return as('u32', (at) => named(at, table))
  }
  switch (form) {
    case 'none':
      return absent
    case 'hex':
      return as('u64', (at) => ({ is: 'digits', at, radix: 16 }))
    case 'oct':
      return as('u32', (at) => ({ is: 'digits', at, radix: 8 }))
    case 'mode':
      return as('u32', (at) => named(at, callNames.modeBits, permissionBits))
    case 'otherfd':
    case 'dirfd':
      return otherDescriptor(of, index)
    case 'path':
      return of.kind === EventNumber.path_call ? callPath(of) : shown
    case 'text':
    case 'value':
      return memberOf(of, form)
    default:
      return shown
  }
}

/** What passed through io_uring may lack its arguments: not a path, nor the event's descriptor. */
const isAlwaysTold = ({ kind }: RecordKind, form: string): boolean =>
  form === 'path' || (form === 'fd' && kind === EventNumber.fd_call)

const toldParameter =
  (parameter: Parameter): ReadField =>
  (of) => {
    const reading = parameterReading(of, parameter)
    if (isAlwaysTold(of, parameter.form)) return reading
    const lacks = someBit(of.places.number('flags'), RECORD_NO_ARGUMENTS)
    return where(inverse(lacks), reading)
  }

const isIdentity = ({ form }: Parameter): boolean => form === 'uid' || form === 'gid'

const ofShape = (type: string): readonly Argument[] => {
  const { shape, result: called, parameters: all } = callShapeOf(type)
  const own = all.map((each): Argument => [each.name, toldParameter(each)])
  const isNamed = (name: string): boolean => all.some((each) => each.name === name)
  const identities = shape === 'syscall' && all.some(isIdentity)
  const after = 'ruid euid suid rgid egid sgid'.split(' ').filter((name) => !isNamed(name))
  const isUser = /[ug]id$/.test(called)
  const first: Argument = isUser ? left(called) : [called, result[1]]
  return [first, ...own, ...(identities ? after.map(left) : [])]
}

const shapes: ReadonlySet<number> = new Set([
  EventNumber.syscall,
  EventNumber.fd_call,
  EventNumber.path_call,
  EventNumber.name_call,
])

const argumentsOf = (of: RecordKind): readonly Argument[] | undefined => {
  if (shapes.has(of.kind)) return ofShape(of.type)
  return byType[of.type] ?? byKind[of.kind]
}

/** An argument by its name, or by its number from 0. */
export const argumentReading = (wanted: FieldRef['argument'], of: RecordKind): Reading => {
  const all = argumentsOf(of)
  if (!all) return shown
  const found = typeof wanted === 'number' ? all[wanted] : all.find(([name]) => name === wanted)
  return found ? found[1](of) : absent
}
