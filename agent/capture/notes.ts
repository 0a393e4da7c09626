/**
 * Notes: what a capture holds beside records, as JSON. Either an answer to a question that the
 * pipeline asked `Outside`, or what it was told. A note comes before the record whose handling
 * needed it. Notes are bad input until `decodeNote` has passed them. Pure.
 */
import type { Told } from '../outside.ts'
import { unknownProcess } from '../process.ts'
import { isPodChanges } from './pod-notes.ts'

export type Note =
  | {
      readonly is: 'answer'
      readonly question: string
      readonly about: string | number
      /** `undefined`: there was no such thing. */
      readonly answer: unknown
    }
  | { readonly is: 'told'; readonly told: Told }
  /** Entries of the capture that could not be written: it has a gap here. */
  | { readonly is: 'gap'; readonly entries: number }

// JSON has no bigint, no map and no set: each is an object of one member here.
const tagged = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return { $n: String(value) }
  if (value instanceof Map) return { $m: [...(value as ReadonlyMap<unknown, unknown>)] }
  return value instanceof Set ? { $s: [...(value as ReadonlySet<unknown>)] } : value
}

const isPair = (value: unknown): value is readonly [unknown, unknown] =>
  Array.isArray(value) && value.length === 2

const untagged = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  const { $n, $m, $s } = value as { $n?: unknown; $m?: unknown; $s?: unknown }
  if (typeof $n === 'string' && /^-?\d{1,40}$/.test($n)) return BigInt($n)
  if (Array.isArray($m) && $m.every(isPair)) return new Map<unknown, unknown>($m)
  return Array.isArray($s) ? new Set<unknown>($s) : value
}

export const encodeNote = (note: Note): string => JSON.stringify(note, tagged)

type Check = (value: unknown) => boolean
type Json = Readonly<Record<string, unknown>>

const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isInteger: Check = (value) => typeof value === 'bigint' || Number.isSafeInteger(value)
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const mapOf =
  (isKey: Check, isValue: Check): Check =>
  (value) =>
    value instanceof Map &&
    [...(value as ReadonlyMap<unknown, unknown>)].every(([k, v]) => isKey(k) && isValue(v))

/** Whether each member that both have is of the same type; `undefined` here stands for any. */
const resembles = (value: unknown, like: object): boolean =>
  isObject(value) &&
  Object.entries(like).every(([name, model]: [string, unknown]) => {
    const member = value[name]
    if (model === undefined || member === undefined) return true
    if (typeof model === 'number' || typeof model === 'bigint') return isInteger(member)
    return Array.isArray(model) ? listOf(isText)(member) : typeof member === typeof model
  })

const isProcess: Check = (value) =>
  isObject(value) &&
  resembles(value['process'], unknownProcess(0, 0)) &&
  isCount(value['ppid']) &&
  (value['cgroupPath'] === undefined || isText(value['cgroupPath']))

/** Members that a later version has given to processes are unknown in an older capture. */
const completed = (answer: unknown): unknown => {
  if (!isObject(answer)) return answer
  return { ...answer, process: { ...unknownProcess(0, 0), ...(answer['process'] as Json) } }
}

/** Answers by question. One that is not here is taken as it is: the pipeline catches its faults. */
const answerChecks: Readonly<Record<string, Check | undefined>> = {
  pids: listOf(isCount),
  process: isProcess,
  'cgroups-of': isText,
  'cgroup-id': isInteger,
  cgroups: listOf((value) => isPair(value) && isInteger(value[0]) && isText(value[1])),
  metadata: isObject,
  names: (value) =>
    isObject(value) &&
    mapOf(isCount, isText)(value['users']) &&
    mapOf(isCount, isText)(value['groups']),
}

const isLoss: Check = (value) =>
  isObject(value) && isText(value['place']) && isText(value['hook']) && isCount(value['count'])

const isReport: Check = (value) =>
  isObject(value) &&
  typeof value['startNs'] === 'bigint' &&
  typeof value['endNs'] === 'bigint' &&
  listOf(isLoss)(value['losses'])

const isShed: Check = (value) =>
  isObject(value) &&
  isInteger(value['cgroupId']) &&
  isInteger(value['oldId']) &&
  isText(value['hook']) &&
  isCount(value['count'])

const isShedReport: Check = (value) =>
  isObject(value) &&
  typeof value['startNs'] === 'bigint' &&
  typeof value['endNs'] === 'bigint' &&
  listOf(isShed)(value['shed']) &&
  isCount(value['others'])

const toldChecks: Readonly<Record<Told['told'], (told: Json) => boolean>> = {
  clock: ({ bootNs, wallOffsetNs }) => [bootNs, wallOffsetNs].every((ns) => typeof ns === 'bigint'),
  'host-names': () => true,
  resolved: ({ name, addresses }) => isText(name) && listOf(isInteger)(addresses),
  runtime: ({ id, facts }) => isText(id) && isObject(facts),
  pods: ({ changes }) => isPodChanges(changes),
  lost: ({ report }) => isReport(report),
  shed: ({ report }) => isShedReport(report),
  pids: ({ pids }) => listOf(isCount)(pids),
  end: () => true,
}

const isTold = (value: unknown): value is Told => {
  if (!isObject(value)) return false
  const { told } = value
  return typeof told === 'string' && Object.hasOwn(toldChecks, told)
    ? toldChecks[told as Told['told']](value)
    : false
}

/** The note of a text; `undefined` when it is none. Never throws. */
export const decodeNote = (text: string): Note | undefined => {
  let value: unknown
  try {
    // With a function for each value it takes five times as long.
    value = text.includes('"$') ? JSON.parse(text, untagged) : JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { is, question, about, answer, told, entries } = value
  switch (is) {
    case 'answer': {
      if (typeof question !== 'string') return undefined
      if (typeof about !== 'string' && typeof about !== 'number') return undefined
      const fits = answer === undefined || (answerChecks[question] ?? isObject)(answer)
      if (!fits) return undefined
      return { is, question, about, answer: question === 'process' ? completed(answer) : answer }
    }
    case 'told':
      return isTold(told) ? { is, told } : undefined
    case 'gap':
      return isCount(entries) ? { is, entries: Number(entries) } : undefined
    default:
      return undefined
  }
}
