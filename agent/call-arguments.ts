/**
 * The arguments of system calls that are told in a shape: by the parameters that the schema gives
 * for each, in the text forms that rules compare.
 */
import type { CallShape, Machine, Parameter } from '@bulwark/schema'
import {
  EventNumber,
  RECORD_NO_ARGUMENTS,
  callShapeOf,
  fdCallOf,
  headerOf,
  nameCallOf,
  pathCallOf,
  syscallOf,
} from '@bulwark/schema'
import type { Argument, Read } from './argument.ts'
import { groupText, result, userText } from './argument.ts'
import { callArgument } from './call-argument.ts'
import type { LiveEvent } from './live-event.ts'
import * as names from './names-calls.ts'
import { openFlagNames } from './names.ts'

/** Reads an argument of the current record; a bigint when it is no safe integer. */
type ReadNumber = (event: LiveEvent) => number | bigint

const signed = (value: number | bigint): number => Number(BigInt.asIntN(32, BigInt(value)))
const unsigned = (value: number | bigint): number => Number(BigInt.asUintN(32, BigInt(value)))
const hex = (value: number | bigint): string => value.toString(16).toUpperCase()

/** Numbers that have names: flags in hexadecimal digits, commands in decimal ones. */
const flagNames: Readonly<
  Record<string, ((value: number, machine: Machine) => string | undefined) | undefined>
> = {
  open: openFlagNames,
  handle: names.handleFlags,
  userfaultfd: names.userfaultFlags,
  clone: names.cloneFlags,
  at: names.atFlags,
  access: names.accessModes,
  umount: names.umountFlags,
  memfd: names.memfdFlags,
  prot: names.protectionFlags,
  mlock: names.mlockFlags,
  mlockall: names.mlockallFlags,
  lock: names.lockOperations,
  splice: names.spliceFlags,
  closerange: names.closeRangeFlags,
  delmodule: names.deleteModuleFlags,
  personality: names.personalityNames,
  futex: names.futexOperations,
}
const commandNames: Readonly<Record<string, names.NumberName | undefined>> = {
  bpf: names.bpfCommands,
  fcntl: names.fcntlCommands,
  fsconfig: names.fsconfigCommands,
  keyctl: names.keyctlOperations,
  level: names.socketLevels,
  prctl: names.prctlOptions,
  resource: names.resourceNames,
  seccomp: names.seccompOperations,
  shutdown: names.shutdownNames,
  signal: names.signalNames,
  sockopt: names.socketOptions,
  whence: names.whenceNames,
}

type Forms = Readonly<Record<string, ((read: ReadNumber) => Omit<Argument, 'name'>) | undefined>>

const numberForms: Forms = {
  i32: (read) => ({ raw: (event) => String(signed(read(event))) }),
  u32: (read) => ({ raw: (event) => String(unsigned(read(event))) }),
  i64: (read) => ({ raw: (event) => String(BigInt.asIntN(64, BigInt(read(event)))) }),
  u64: (read) => ({ raw: (event) => String(read(event)) }),
  pid: (read) => ({ raw: (event) => String(signed(read(event))) }),
  oct: (read) => ({ raw: (event) => `0${unsigned(read(event)).toString(8)}` }),
  hex: (read) => ({ raw: (event) => hex(read(event)) }),
  mode: (read) => ({
    raw: (event) => `0${(unsigned(read(event)) & 0o177777).toString(8)}`,
    text: (event) => names.modeBits(unsigned(read(event)) & 0o177777),
  }),
  uid: (read) => ({
    raw: (event) => String(signed(read(event))),
    text: (event, users) => userText(event, users, unsigned(read(event))),
  }),
  gid: (read) => ({
    raw: (event) => String(signed(read(event))),
    text: (event, users) => groupText(event, users, unsigned(read(event))),
  }),
}

const ofPath: Read = (event) => event.callPath
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

/** Parameters that are no number of their own. */
const textForm = ({ name, form }: Parameter, read: ReadNumber): Argument | undefined => {
  const number: Read = (event) => String(signed(read(event)))
  switch (form) {
    case 'none':
      return { name, raw: () => undefined }
    case 'path':
      return { name, raw: ofPath }
    case 'text':
      return { name, raw: ofText }
    case 'value':
      return { name, raw: ofValue }
    case 'comm':
      return { name, raw: ofComm }
    case 'otherfd':
    case 'dirfd':
      return { name, raw: number }
    case 'fd':
      return { name, raw: number, text: (event) => event.socket?.name ?? event.fileName }
    case 'capability': {
      const after = capabilities[name]
      return { name, raw: (event) => after && hex(after(event)) }
    }
    default:
      return undefined
  }
}

/** The bytes of a name that is as long as the argument after it says. */
const sized = ({ name, index }: Parameter): Argument => {
  return {
    name,
    raw: (event) =>
      ofText(event, undefined)?.slice(0, Number(callArgument(event.record, index + 1))),
  }
}

/** Whether the record has an argument: of what passed through io_uring it may not. */
const isTold = ({ kind, record }: LiveEvent, form: string): boolean =>
  (headerOf.flags(record) & RECORD_NO_ARGUMENTS) === 0 ||
  form === 'path' ||
  (form === 'fd' && kind === EventNumber.fd_call)

const argumentOf = (parameter: Parameter): Argument => {
  const { name, raw, text } = describe(parameter)
  const whereTold =
    (read: Read): Read =>
    (event, users) =>
      isTold(event, parameter.form) ? read(event, users) : undefined
  return { name, raw: whereTold(raw), ...(text && { text: whereTold(text) }) }
}

const describe = (parameter: Parameter): Argument => {
  const { name, form, index } = parameter
  const read: ReadNumber = ({ record }) => callArgument(record, index)
  if (form === 'sized') return sized(parameter)
  const text = textForm(parameter, read)
  if (text) return text
  const flags = flagNames[form]
  if (flags) {
    const raw: Read = (event) => hex(unsigned(read(event)))
    return { name, raw, text: (event) => flags(unsigned(read(event)), event.machine) }
  }
  const command = commandNames[form]
  if (command) {
    const raw: Read = (event) => String(signed(read(event)))
    return { name, raw, text: (event) => command(unsigned(read(event))) }
  }
  const make = numberForms[form] ?? numberForms['hex']
  return { name, raw: () => undefined, ...make?.(read) }
}

/** Credentials after a call that may change them, under names that the call itself has not. */
const afterwards = ({ shape, parameters }: CallShape): readonly Argument[] => {
  const isChange = parameters.some(({ form }) => form === 'uid' || form === 'gid')
  if (shape !== 'syscall' || !isChange) return []
  const users = { ruid: syscallOf.ruid, euid: headerOf.euid, suid: syscallOf.suid }
  const groups = { rgid: syscallOf.rgid, egid: headerOf.egid, sgid: syscallOf.sgid }
  const of = (
    table: Readonly<Record<string, (record: LiveEvent['record']) => number>>,
    name: typeof userText,
  ): readonly Argument[] =>
    Object.entries(table)
      .filter(([key]) => !parameters.some((parameter) => parameter.name === key))
      .map(([key, read]) => ({
        name: key,
        raw: (event) => String(read(event.record)),
        text: (event, all) => name(event, all, read(event.record)),
      }))
  return [...of(users, userText), ...of(groups, groupText)]
}

const made = new Map<string, readonly Argument[]>()

/** The arguments of a system call that is told in a shape, in order. */
export const callArgumentsOf = (type: string): readonly Argument[] => {
  const known = made.get(type)
  if (known) return known
  const shape = callShapeOf(type)
  const all = [
    { ...result, name: shape.result },
    ...shape.parameters.map(argumentOf),
    ...afterwards(shape),
  ]
  made.set(type, all)
  return all
}
