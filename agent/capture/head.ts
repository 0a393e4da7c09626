/** The head of a capture: where it is from, and how the records in it are laid out. Pure. */
import type { LaidMember, Machine, RecordLayout } from '@bulwark/schema'
import { storageBytes } from '@bulwark/schema'

export interface CaptureHead {
  /** `layoutVersion` of the schema that the records are of. */
  readonly layoutVersion: number
  readonly layouts: readonly RecordLayout[]
  readonly machine: Machine
  /** As uname(2) has it. */
  readonly kernel: string
  readonly hostname: string
  /** Types of events whose hooks were attached. */
  readonly types: readonly string[] | 'all'
  /** Whether the environment of programs was read: only where a rule asks for it. */
  readonly environment: boolean
  /** Bytes of what was sent and received that were kept: only where a rule asks for them. */
  readonly payloadBytes: number
  /** Numbers of the hierarchies of cgroups: v2, then the v1 one in which containers are, if any. */
  readonly hierarchies: readonly number[]
  /** Begin of the recording, nanoseconds since boot; and the wall clock's offset then. */
  readonly startNs: bigint
  readonly wallOffsetNs: bigint
}

/** Members as `name:storage`. */
export const encodeHead = (head: CaptureHead): Buffer =>
  Buffer.from(
    JSON.stringify({
      ...head,
      startNs: String(head.startNs),
      wallOffsetNs: String(head.wallOffsetNs),
      layouts: head.layouts.map(({ kind, name, members }) => ({
        kind,
        name,
        members: members.map((member) => `${member.name}:${member.storage}`),
      })),
    }),
  )

type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((each) => Number.isSafeInteger(each))

const asNs = (value: unknown): bigint | undefined =>
  typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined

const kindsMax = 1024

const asMember = (text: string): LaidMember | undefined => {
  const [name = '', storage = ''] = text.split(':')
  const bytes = storageBytes(storage)
  return bytes === undefined || name === '' ? undefined : { name, storage, bytes }
}

const asLayout = (value: unknown): RecordLayout | undefined => {
  const { kind, name, members } = asObject(value)
  if (!Number.isSafeInteger(kind) || typeof name !== 'string' || !isTexts(members)) return undefined
  const laid = members.map(asMember)
  if (laid.includes(undefined)) return undefined
  return { kind: Number(kind), name, members: laid as readonly LaidMember[] }
}

/** The head in a text; `undefined` when it is none. */
export const decodeHead = (text: string): CaptureHead | undefined => {
  let value: Json
  try {
    value = asObject(JSON.parse(text))
  } catch {
    return undefined
  }
  const { layoutVersion, machine, kernel, hostname, types, hierarchies, layouts } = value
  const { environment, payloadBytes } = value
  const startNs = asNs(value['startNs'])
  const wallOffsetNs = asNs(value['wallOffsetNs'])
  if (machine !== 'x64' && machine !== 'arm64') return undefined
  if (typeof layoutVersion !== 'number' || typeof kernel !== 'string') return undefined
  if (typeof hostname !== 'string' || !isNumbers(hierarchies)) return undefined
  if (typeof environment !== 'boolean' || typeof payloadBytes !== 'number') return undefined
  if (types !== 'all' && !isTexts(types)) return undefined
  if (startNs === undefined || wallOffsetNs === undefined) return undefined
  if (!Array.isArray(layouts) || layouts.length > kindsMax) return undefined
  const laid = layouts.map(asLayout)
  if (laid.includes(undefined)) return undefined
  const all = laid as readonly RecordLayout[]
  const facts = { machine, kernel, hostname, types, hierarchies } as const
  return { ...facts, environment, payloadBytes, startNs, wallOffsetNs, layoutVersion, layouts: all }
}
