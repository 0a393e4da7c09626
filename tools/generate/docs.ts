/** Writes the reference pages of events and of rule fields from the schema. */
import type { Hook, Member } from '@bulwark/schema'
import { eventKinds, fields, groups, header, places } from '@bulwark/schema'

const notice = '<!-- Generated from schema/ by tools/generate.ts. Do not edit. -->'

const storageName = (member: Member): string => {
  const { storage } = member
  if (storage.as === 'struct') return `\`${storage.name}\``
  return 'count' in storage ? `${storage.as}[${storage.count}]` : storage.as
}

const memberTable = (members: readonly Member[]): string =>
  [
    '| member | type | meaning | source in the kernel | absent |',
    '| --- | --- | --- | --- | --- |',
    ...members
      .filter(({ name }) => name !== 'padding' && name !== 'reserved')
      .map(
        (member) =>
          `| \`${member.name}\` | ${storageName(member)} | ${member.meaning} | ` +
          `${member.source} | ${member.absent} |`,
      ),
  ]
    .join('\n')
    .replaceAll('<<', '&lt;&lt;')

const hookText = (hook: Hook): string =>
  'tracepoint' in hook
    ? `\`tp_btf/${hook.tracepoint}\``
    : hook.syscalls.map((name) => `\`sys_exit:${name}\``).join(', ')

/** The text of `docs/events.md`. */
export const writeEventsPage = (): string =>
  [
    notice,
    '',
    '# Events',
    '',
    'What the kernel side sends, by kind. Every record starts with the header. Hooks are those of',
    'the tracepoint backend. Texts carry their true length, so that a cut one is known as such.',
    '',
    '## Header',
    '',
    memberTable(header),
    '',
    ...groups.flatMap((group) => [
      `## Group \`${group.name}\``,
      '',
      group.meaning,
      '',
      memberTable(group.members),
      '',
    ]),
    ...eventKinds.flatMap((kind) => [
      `## ${kind.kind} \`${kind.name}\``,
      '',
      kind.meaning,
      '',
      `- Hooks: ${kind.hooks.map(hookText).join(', ')}${kind.state ? '; always attached' : ''}`,
      `- \`evt.type\`: ${kind.types.map((name) => `\`${name}\``).join(', ') || 'none'}`,
      '',
      memberTable(kind.members),
      '',
    ]),
    '## Loss counters',
    '',
    '| place | meaning | what is lost |',
    '| --- | --- | --- |',
    ...places.map(
      ({ name, meaning, loses }) =>
        `| \`${name}\` | ${meaning} | ${loses === 'event' ? 'the event' : 'a part of it'} |`,
    ),
    '',
  ].join('\n')

/** The text of `docs/fields.md`. */
export const writeFieldsPage = (): string => {
  const carried = fields.filter((field) => field.unsupported === undefined)
  const others = fields.filter((field) => field.unsupported !== undefined)
  return [
    notice,
    '',
    '# Rule fields',
    '',
    `The sensor carries ${carried.length} fields. Another ${others.length} are known: a rule that`,
    'needs one in its condition is disabled, with a diagnostic that names the field.',
    '',
    '## Carried',
    '',
    '| field | type | meaning | absent |',
    '| --- | --- | --- | --- |',
    ...carried.map(
      (field) =>
        `| \`${field.name}\` | ${field.type}${field.list ? ' list' : ''} | ` +
        `${field.meaning} | ${field.absent} |`,
    ),
    '',
    '## Known, not carried',
    '',
    '| field | type | why |',
    '| --- | --- | --- |',
    ...others.map((field) => `| \`${field.name}\` | ${field.type} | ${field.unsupported} |`),
    '',
  ].join('\n')
}
