/** Writes the C header from the schema: constants, counters, structs, their sizes as asserts. */
import type { Group, Member } from '@bulwark/schema'
import { constants, eventKinds, groups, header, places } from '@bulwark/schema'
import { layOut } from './layout.ts'

const cTypes = { u8: '__u8', u16: '__u16', u32: '__u32', i32: '__s32', u64: '__u64', i64: '__s64' }

const declare = (member: Member): string => {
  const { storage, name } = member
  switch (storage.as) {
    case 'text':
      return `struct text ${name};`
    case 'chars':
      return `char ${name}[${storage.count}];`
    case 'bytes':
      return `__u8 ${name}[${storage.count}];`
    case 'struct':
      return `struct ${storage.name} ${name};`
    default:
      return `${cTypes[storage.as]} ${name};`
  }
}

const struct = (name: string, first: readonly string[], members: readonly Member[]): string =>
  [`struct ${name} {`, ...first.map((line) => `\t${line}`)]
    .concat(members.map((member) => `\t${declare(member)} /* ${member.meaning} */`))
    .concat('};')
    .join('\n')

const assertSize = (name: string, size: number): string =>
  `_Static_assert(sizeof(struct ${name}) == ${size}, "${name}: layout differs from the schema");`

const groupText = (group: Group): string =>
  [
    `/* ${group.meaning} */`,
    struct(group.name, [], group.members),
    assertSize(group.name, layOut(group.members, 0, groups).size),
  ].join('\n')

/** The text of `bpf/gen/events.h`. */
export const writeHeader = (): string => {
  const headerBytes = layOut(header, 0, groups).size
  const kinds = eventKinds.map((kind) => {
    const name = `event_${kind.name}`
    return [
      `/* ${kind.meaning} */`,
      struct(name, ['struct event_header header;'], kind.members),
      assertSize(name, layOut(kind.members, headerBytes, groups).size),
    ].join('\n')
  })
  return [
    '/* Generated from schema/ by tools/generate.ts. Do not edit. */',
    '/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */',
    '#pragma once',
    '',
    ...Object.entries(constants).map(([name, value]) => `#define ${name} ${value}u`),
    '',
    'enum event_kind {',
    ...eventKinds.map((kind) => `\tEVENT_${kind.name.toUpperCase()} = ${kind.kind},`),
    '};',
    '',
    '/* Counters of what was lost, by place. */',
    'enum place {',
    ...places.map(
      (place, i) => `\tPLACE_${place.name.toUpperCase()} = ${i}, /* ${place.meaning} */`,
    ),
    `\tPLACES = ${places.length},`,
    '};',
    '',
    '/* Text that follows the fixed part; offset from the start of the record. */',
    'struct text {',
    '\t__u16 offset;',
    '\t__u16 bytes;',
    '\t__u32 true_bytes;',
    '};',
    '',
    ...groups.map((group) => groupText(group) + '\n'),
    struct('event_header', [], header),
    assertSize('event_header', headerBytes),
    '',
    kinds.join('\n\n'),
    '',
    '/* Any record. In the value of a map it brings all the types into the BTF of the object. */',
    'union event {',
    '\tstruct event_header header;',
    ...eventKinds.map((kind) => `\tstruct event_${kind.name} ${kind.name}_event;`),
    '};',
    '',
  ].join('\n')
}
