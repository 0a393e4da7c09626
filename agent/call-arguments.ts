/**
 * The arguments of system calls that are told in a shape: by the parameters that the schema gives
 * for each, in the text forms that rules compare.
 */
import type { CallShape, Names, Parameter } from '@bulwark/schema'
import {
  EventNumber,
  RECORD_NO_ARGUMENTS,
  callNames as names,
  callShapeOf,
  fdCallOf,
  headerOf,
  nameCallOf,
  pathCallOf,
  syscallOf,
} from '@bulwark/schema'
import type { Argument, Read, ReadNumber } from './argument.ts'
import {
  absent,
  decimal,
  descriptor,
  errno,
  group,
  hex,
  named,
  octal,
  path,
  plainArgument,
  signed,
  unsigned,
  user,
} from './argument.ts'
import { callArgument } from './call-argument.ts'
import type { LiveEvent } from './live-event.ts'

type Form = (name: string, read: ReadNumber) => Argument

const as =
  (make: Form, change: (value: number | bigint) => number | bigint): Form =>
  (name, read) =>
    make(name, (event) => change(read(event) ?? 0))

const signed64 = (value: number | bigint): number | bigint => {
  const wide = BigInt.asIntN(64, BigInt(value))
  return Number.isSafeInteger(Number(wide)) ? Number(wide) : wide
}

const permissions = (name: string, read: ReadNumber, table: Names, allBits: number): Argument => {
  const mode: ReadNumber = (event) => table.number(unsigned(read(event) ?? 0) & allBits)
  return { ...named(name, mode, table), raw: octal(name, mode).raw }
}

/** Integers. Falco prints those without a sign as if they had one. */
const numberForms: Readonly<Record<string, Form | undefined>> = {
  i32: as(decimal, signed),
  u32: as(decimal, signed),
  i64: as(decimal, signed64),
  u64: as(decimal, signed64),
  pid: as(decimal, signed),
  oct: as(octal, unsigned),
  hex,
  mode: (name, read) => permissions(name, read, names.modeBits, 0o7777),
  node: (name, read) => permissions(name, read, names.nodeMode, 0o177777),
  uid: as(user, unsigned),
  gid: as(group, unsigned),
  otherfd: as((name, read) => descriptor(name, read, false), signed),
  dirfd: as((name, read) => descriptor(name, read, false), signed),
  fd: as(descriptor, signed),
}

const ofText: Read = ({ kind, record }) => {
  if (kind === EventNumber.fd_call) return fdCallOf.text(record)
  return kind === EventNumber.path_call ? pathCallOf.text(record) : nameCallOf.text(record)
}
const ofValue: Read = ({ kind, record }) =>
  kind === EventNumber.fd_call ? fdCallOf.value(record) : nameCallOf.value(record)

/** PR_SET_NAME: the thread is called so by now. */
const ofComm: Read = ({ record }) => {
  const setName = 15
  return callArgument(record, 0) === setName ? headerOf.comm(record) : undefined
}

const capabilities: Readonly<Record<string, ReadNumber | undefined>> = {
  cap_inheritable: ({ record }) => headerOf.capInheritable(record),
  cap_permitted: ({ record }) => headerOf.capPermitted(record),
  cap_effective: ({ record }) => headerOf.capEffective(record),
}

/** Users and groups of the process when the call ends. */
const credentials: Readonly<Record<string, Argument>> = {
  ruid: user('ruid', ({ record }) => syscallOf.ruid(record)),
  euid: user('euid', ({ record }) => headerOf.euid(record)),
  suid: user('suid', ({ record }) => syscallOf.suid(record)),
  rgid: group('rgid', ({ record }) => syscallOf.rgid(record)),
  egid: group('egid', ({ record }) => headerOf.egid(record)),
  sgid: group('sgid', ({ record }) => syscallOf.sgid(record)),
}

const socketLevel = 1

/** The options of other levels have no names. */
const socketOption = (name: string, read: ReadNumber): Argument => {
  const option = named(name, read, names.socketOptions)
  return {
    ...option,
    text: (event, users) =>
      callArgument(event.record, 1) === socketLevel ? option.text?.(event, users) : undefined,
  }
}

/** Parameters that are no number of their own. */
const textForm = ({ name, form }: Parameter, read: ReadNumber): Argument | undefined => {
  switch (form) {
    case 'none':
      return absent(name)
    case 'path':
      return path(
        name,
        ({ record }) => pathCallOf.rawPath(record),
        (event) => event.callPath,
      )
    case 'text':
      return plainArgument(name, ofText)
    case 'value':
      return plainArgument(name, ofValue)
    case 'comm':
      return plainArgument(name, ofComm)
    case 'capability':
      return hex(name, capabilities[name] ?? read)
    case 'after':
      return credentials[name]
    case 'sockopt':
      return socketOption(name, read)
    default:
      return undefined
  }
}

/** The bytes of a name that is as long as the argument after it says. */
const sized = ({ name, index }: Parameter): Argument =>
  plainArgument(name, (event, users) =>
    ofText(event, users)?.slice(0, Number(callArgument(event.record, index + 1))),
  )

/** Whether the record has an argument: of what passed through io_uring it may not. */
const isTold = ({ kind, record }: LiveEvent, form: string): boolean =>
  (headerOf.flags(record) & RECORD_NO_ARGUMENTS) === 0 ||
  form === 'path' ||
  (form === 'fd' && kind === EventNumber.fd_call)

const argumentOf = (parameter: Parameter): Argument => {
  const { name, raw, text, value } = describe(parameter)
  const { form } = parameter
  return {
    name,
    raw: (event, users) => (isTold(event, form) ? raw(event, users) : undefined),
    ...(text && { text: (event, users) => (isTold(event, form) ? text(event, users) : undefined) }),
    ...(value && { value: (event) => (isTold(event, form) ? value(event) : undefined) }),
  }
}

const describe = (parameter: Parameter): Argument => {
  const { name, form, index } = parameter
  const read: ReadNumber = ({ record }) => callArgument(record, index)
  if (form === 'sized') return sized(parameter)
  const text = textForm(parameter, read)
  if (text) return text
  const table = names.namesOfForm[form]
  return table ? named(name, read, table) : (numberForms[form] ?? hex)(name, read)
}

const isIdentity = ({ form }: Parameter): boolean => form === 'uid' || form === 'gid'

/** Credentials after a call that may change them, under names that the call itself has not. */
const afterwards = ({ shape, parameters }: CallShape): readonly Argument[] => {
  if (shape !== 'syscall' || !parameters.some(isIdentity)) return []
  return Object.values(credentials).filter(
    ({ name }) => !parameters.some((parameter) => parameter.name === name),
  )
}

const made = new Map<string, readonly Argument[]>()

const resultOf = (name: string): Argument => {
  const result: ReadNumber = (event) => event.result
  if (name.endsWith('uid')) return user(name, result)
  return name.endsWith('gid') ? group(name, result) : errno(name, result)
}

/** The arguments of a system call that is told in a shape, in order. */
export const callArgumentsOf = (type: string): readonly Argument[] => {
  const known = made.get(type)
  if (known) return known
  const shape = callShapeOf(type)
  const all = [resultOf(shape.result), ...shape.parameters.map(argumentOf), ...afterwards(shape)]
  made.set(type, all)
  return all
}
