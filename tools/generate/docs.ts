/** Writes the reference pages of events and of rule fields from the schema. */
import type { EventKind, Hook, Member } from '@bulwark/schema'
import {
  EventNumber,
  callShapeOf,
  describedCalls,
  eventKinds,
  fields,
  groups,
  header,
  nameHooksOf,
  places,
} from '@bulwark/schema'

const notice = '<!-- Generated from schema/ by tools/generate.ts. Do not edit. -->'

const storageName = (member: Member): string => {
  const { storage } = member
  if (storage.as === 'struct') return `\`${storage.name}\``
  return 'count' in storage ? `${storage.as}[${storage.count}]` : storage.as
}

const onlyOn = ({ backends }: Member): string =>
  backends === undefined ? '' : ` (${backends.join(', ')} backend only)`

const memberTable = (members: readonly Member[]): string =>
  [
    '| member | type | meaning | source in the kernel | absent |',
    '| --- | --- | --- | --- | --- |',
    ...members
      .filter(({ name }) => name !== 'padding' && name !== 'reserved')
      .map(
        (member) =>
          `| \`${member.name}\` | ${storageName(member)} | ${member.meaning} | ` +
          `${member.source}${onlyOn(member)} | ${member.absent} |`,
      ),
  ]
    .join('\n')
    .replaceAll('<<', '&lt;&lt;')

const hookText = (hook: Hook): string => {
  if ('tracepoint' in hook) return `\`tp_btf/${hook.tracepoint}\``
  if ('compat' in hook) return `\`sys_exit\` of 32-bit calls ${hook.compat.join(', ')}`
  if ('shape' in hook) return '`sys_exit` of each wanted call of this shape'
  const only = hook.only === undefined ? '' : ` (only ${hook.only})`
  return hook.syscalls.map((name) => `\`sys_exit:${name}\`${only}`).join(', ')
}

const ownCalls: ReadonlySet<string> = new Set(
  eventKinds.flatMap(({ hooks }) =>
    hooks.flatMap((hook) => ('syscalls' in hook && !hook.only ? hook.syscalls : [])),
  ),
)

/** Names of events, as rules have them. */
const typesText = ({ types, hooks }: EventKind): string => {
  if (hooks.some((hook) => 'shape' in hook)) return 'the name of the call'
  return types.map((name) => `\`${name}\``).join(', ') || 'none'
}

/** The calls of a shape, with their parameters; none for a kind that is no shape. */
const callLines = ({ hooks }: EventKind): readonly string[] => {
  const shapes = new Set(hooks.flatMap((hook) => ('shape' in hook ? [hook.shape] : [])))
  const calls = describedCalls.filter(
    (name) => shapes.has(callShapeOf(name).shape) && !ownCalls.has(name),
  )
  if (calls.length === 0) return []
  return [
    'Calls, and their arguments in order (`evt.arg`); those in parentheses are never told:',
    '',
    ...calls.map((call) => {
      const { result, parameters } = callShapeOf(call)
      const told = parameters.map(({ name, form }) => (form === 'none' ? `(${name})` : name))
      const names = [result, ...told]
      return `- \`${call}\`: ${names.join(', ')}${namesText([call])}`
    }),
    ...(shapes.has('syscall') ? ['- any other: res, arg0 to arg5'] : []),
    '',
  ]
}

/** The LSM hooks that tell names of these calls. */
const namesText = (calls: readonly string[]): string => {
  const hooks = [...new Set(calls.flatMap(nameHooksOf))]
  return hooks.length === 0 ? '' : `; names: ${hooks.map((name) => `\`lsm/${name}\``).join(', ')}`
}

const attachedText = ({ kind, state }: EventKind): string => {
  if (!state) return ''
  return kind === EventNumber.chdir
    ? '; attached unless rules are about execs alone'
    : '; always attached'
}

const kindLines = (kind: EventKind): readonly string[] =>
  [
    `## ${kind.kind} \`${kind.name}\``,
    '',
    kind.meaning,
    '',
    `- Hooks: ${kind.hooks.map(hookText).join(', ')}${attachedText(kind)}`,
    `- \`evt.type\`: ${typesText(kind)}${namesText(kind.types)}`,
    '',
    memberTable(kind.members),
    '',
  ].concat(callLines(kind))

/** The text of `docs/events.md`. */
export const writeEventsPage = (): string =>
  [
    notice,
    '',
    '# Events',
    '',
    'What the kernel side sends, by kind. Every record starts with the header. Hooks are those of',
    'the tracepoint backend; on the security backend each call is told at the return of its own',
    'function instead, by the same program, and LSM hooks tell the names that are said of it.',
    'Texts carry their true length, so that a cut one is known as such.',
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
    ...eventKinds.flatMap(kindLines),
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
    '| why | fields |',
    '| --- | --- |',
    ...[...Map.groupBy(others, ({ unsupported }) => unsupported)].map(
      ([why, group]) => `| ${why} | ${group.map(({ name }) => `\`${name}\``).join(', ')} |`,
    ),
    '',
  ].join('\n')
}
