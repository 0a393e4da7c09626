/**
 * System calls that have no kind of event of their own: which shape each is told in, and what its
 * parameters are called. A shape is one program and one kind of event for many calls; where in a
 * call's arguments its descriptor or its path is, the program is told by number.
 */
import { callParameters } from './callparameters.ts'
import { syscallsByNumber } from './syscalls.ts'

/** Kinds of event that stand for many system calls. */
export type Shape = 'syscall' | 'fd_call' | 'path_call' | 'name_call'

/**
 * What an argument means, and so its text.
 *
 * - `fd`: descriptor of the file or socket that the event is about; `dirfd`: where a relative path
 *   starts; `otherfd`: any further one
 * - `path`, `text`, `value`: pointers to text that the event carries; `sized`: text as long as the
 *   argument after it says; `comm`: the new name of the thread
 * - `none`: Falco has a parameter there that no event carries
 * - `after`: a user or group of the process when the call ends
 * - names of numbers, flags and commands: see `callnames.ts`
 */
export const argumentForms = (
  'fd dirfd otherfd path text value sized comm none ' +
  'i32 u32 i64 u64 hex oct mode node pid uid gid ' +
  'open handle pipe epoll pidfd clone at access umount memfd mlock mlockall lock fcntl whence ' +
  'shutdown resource signal bpf prctl keyctl userfaultfd closerange delmodule level sockopt ' +
  'futex fsconfig splice personality capability family semget semctl ringenter ringregister ' +
  'quotacmd quotatype after'
).split(' ')

/** One parameter of a system call. */
export interface Parameter {
  readonly name: string
  readonly form: string
  /** Which argument of the call, from 0. */
  readonly index: number
}

/** How a system call is told. */
export interface CallShape {
  readonly shape: Shape
  /** What its result is called: `res`, `fd`, or the user or group that it is. */
  readonly result: string
  /** In the order of `evt.arg[1]`, ...; the result comes before them. */
  readonly parameters: readonly Parameter[]
  /** Argument numbers, from 1, for the program: see `POSITION_*`. */
  readonly positions: number
}

/** Bits of `CallShape.positions` at which the number of each argument begins; 0: has none. */
export const positionBits = { fd: 0, dirfd: 4, path: 8, text: 12, value: 16 } as const

const parseParameter = (word: string, place: number): Parameter => {
  const [, name = '', index, form = 'hex'] = /^([^:@]+)(?:@(\d))?(?::(\w+))?$/.exec(word) ?? []
  if (!argumentForms.includes(form)) throw new Error(`schema: ${word}: no form ${form}`)
  return { name, form, index: index === undefined ? place : Number(index) }
}

const shapeOfForms = (forms: ReadonlySet<string>): Shape => {
  if (forms.has('path')) return 'path_call'
  if (forms.has('fd')) return 'fd_call'
  return forms.has('text') || forms.has('sized') ? 'name_call' : 'syscall'
}

/** The numbers that `CallShape.positions` packs. */
export const positionsOf = (parameters: readonly Parameter[]): number => {
  let positions = 0
  for (const { form, index } of parameters) {
    const key = form === 'sized' ? 'text' : form
    if (key in positionBits) {
      positions |= (index + 1) << positionBits[key as keyof typeof positionBits]
    }
  }
  return positions
}

const parseCall = (line: string): readonly [name: string, shape: CallShape] => {
  const [name = '', ...words] = line.split(' ')
  const result = words[0]?.startsWith('=') === true ? words[0].slice(1) : undefined
  const parameters = words.slice(result === undefined ? 0 : 1).map(parseParameter)
  const positions = positionsOf(parameters)
  const shape = shapeOfForms(new Set(parameters.map(({ form }) => form)))
  return [name, { shape, result: result ?? 'res', parameters, positions }]
}

const described: ReadonlyMap<string, CallShape> = new Map(
  callParameters
    .trim()
    .split(/\n(?! )/)
    .map((line) => parseCall(line.replaceAll('\n ', ''))),
)

const plain: CallShape = {
  shape: 'syscall',
  result: 'res',
  parameters: [0, 1, 2, 3, 4, 5].map((index) => ({ name: `arg${index}`, form: 'hex', index })),
  positions: 0,
}

/** How a system call is told when it has no kind of its own. */
export const callShapeOf = (name: string): CallShape => described.get(name) ?? plain

/** Calls whose parameters have names; all others have `arg0` to `arg5`. */
export const describedCalls: readonly string[] = [...described.keys()]

/** Calls that never come to their end, or not as themselves: no event is made of them. */
const unseenCalls: ReadonlySet<string> = new Set(
  'exit exit_group rt_sigreturn sigreturn restart_syscall socketcall'.split(' '),
)

const knownCalls: ReadonlySet<string> = new Set(
  Object.values(syscallsByNumber).flatMap((names) => names.filter((name) => name !== undefined)),
)

/** Whether a name is that of a system call of which events can be made. */
export const isSeenCall = (name: string): boolean => knownCalls.has(name) && !unseenCalls.has(name)
