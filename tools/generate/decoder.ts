/** Writes the TypeScript side of the layout: constants, shapes, and one getter a member. */
import type { Group, Member } from '@bulwark/schema'
import { constants, eventKinds, groups, header, places } from '@bulwark/schema'
import type { Laid } from './layout.ts'
import { camel, layOut, textOffsets } from './layout.ts'

const shown = (member: Member): boolean => !['padding', 'reserved'].includes(member.name)

const getter = (member: Member, offset: number): string => {
  const { storage } = member
  switch (storage.as) {
    case 'chars':
      return `(r: RecordView): string => chars(r, ${offset}, ${storage.count})`
    case 'bytes':
      return `(r: RecordView): Uint8Array => bytes(r, ${offset}, ${storage.count})`
    case 'text':
      return `(r: RecordView): string => text(r, ${offset})`
    case 'u64':
    case 'i64':
      return `(r: RecordView): number | bigint => ${storage.as}(r, ${offset})`
    case 'struct':
      throw new Error('a group is written member by member')
    default:
      return `(r: RecordView): number => ${storage.as}(r, ${offset})`
  }
}

const entries = (laid: Laid, indent: string): string[] =>
  laid.members
    .filter(({ member }) => shown(member))
    .flatMap(({ member, offset }) => {
      const { storage } = member
      const doc = `${indent}/** ${member.meaning}; absent: ${member.absent} */`
      if (storage.as !== 'struct') {
        const line = `${indent}${camel(member.name)}: ${getter(member, offset)},`
        if (storage.as !== 'text') return [doc, line]
        const length = `(r: RecordView): TextLength => textLength(r, ${offset})`
        return [doc, line, `${indent}${camel(member.name)}Length: ${length},`]
      }
      return [doc, `${indent}${camel(member.name)}At: ${offset},`]
    })

const groupText = (group: Group): string => {
  const laid = layOut(group.members, 0, groups)
  const lines = laid.members
    .filter(({ member }) => shown(member))
    .flatMap(({ member, offset }) => {
      const body = getter(member, offset)
        .replace('(r: RecordView)', '(r: RecordView, from: number)')
        .replace(`r, ${offset}`, `r, from + ${offset}`)
      return [`  /** ${member.meaning} */`, `  ${camel(member.name)}: ${body},`]
    })
  return [
    `/** ${group.meaning} \`from\` is the group's byte offset in the record (\`...At\`). */`,
    `export const ${camel(group.name)} = {`,
    ...lines,
    '} as const',
    ...byteOffsets(group.name, laid),
  ].join('\n')
}

/** Where runs of bytes lie in a group, for those who read them in place. */
const byteOffsets = (name: string, { members }: Laid): readonly string[] => {
  const runs = members.filter(({ member }) => member.storage.as === 'bytes')
  if (runs.length === 0) return []
  return [
    '',
    '/** Byte offsets in the group. */',
    `export const ${camel(name)}At = {`,
    ...runs.map(({ member, offset }) => `  ${camel(member.name)}: ${offset},`),
    '} as const',
  ]
}

/** The text of `schema/layout.gen.ts`. */
export const writeDecoder = (): string => {
  const headerLaid = layOut(header, 0, groups)
  const laidKinds = eventKinds.map((kind) => ({
    kind,
    laid: layOut(kind.members, headerLaid.size, groups),
  }))
  const shapes = laidKinds.map(
    ({ kind, laid }) =>
      `  ${kind.kind}: { kind: ${kind.kind}, name: '${kind.name}', fixedBytes: ${laid.size}, ` +
      `texts: [${textOffsets(laid).join(', ')}] },`,
  )
  return [
    '// Generated from schema/ by tools/generate.ts. Do not edit.',
    "import type { RecordView, TextLength } from './record.ts'",
    "import { bytes, chars, i32, i64, text, textLength, u16, u32, u64, u8 } from './record.ts'",
    '',
    ...Object.entries(constants).map(([name, value]) => `export const ${name} = ${value}`),
    '',
    '/** Numbers of the event kinds. */',
    'export const EventNumber = {',
    ...eventKinds.map((kind) => `  ${kind.name}: ${kind.kind},`),
    '} as const',
    '',
    '/** Names of the loss counters, by index. */',
    `export const placeNames = [${places.map((place) => `'${place.name}'`).join(', ')}] as const`,
    '',
    '/** What a record of a kind must look like: bytes of its fixed part, offsets of its texts. */',
    'export interface RecordShape {',
    '  readonly kind: number',
    '  readonly name: string',
    '  readonly fixedBytes: number',
    '  readonly texts: readonly number[]',
    '}',
    '',
    `export const headerBytes = ${headerLaid.size}`,
    '',
    'export const recordShapes: Readonly<Record<number, RecordShape | undefined>> = {',
    ...shapes,
    '}',
    '',
    '/** Members of every record. */',
    'export const headerOf = {',
    ...entries(headerLaid, '  '),
    '} as const',
    '',
    ...groups.map((group) => groupText(group) + '\n'),
    ...laidKinds.map(({ kind, laid }) =>
      [
        `/** ${kind.meaning} */`,
        `export const ${camel(kind.name)}Of = {`,
        ...entries(laid, '  '),
        '} as const',
        '',
      ].join('\n'),
    ),
  ].join('\n')
}
