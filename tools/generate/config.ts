/** Writes the page of all options from the schema. */
import type { OptionSpec } from '@bulwark/schema'
import { falcoOnly, flagOf, options } from '@bulwark/schema'

const head = `<!-- Generated from schema/options.ts by tools/generate.ts. Do not edit. -->

# Configuration

\`bulwark run\` reads \`/etc/bulwark/config.yaml\` if it is there, or the file that \`--config
FILE\` names. Every option is also a flag, with \`-\` for dots and underscores: \`file.path\` is
\`--file-path\`. What a flag says wins. \`bulwark config check FILE\` says what is wrong with a
file: what is no option is an error, with its line and column. \`\${NAME}\` in a value is that
variable of the environment, \`\${NAME:-other}\` with something else where there is none, and
\`$\${NAME}\` the text \`\${NAME}\`.

\`\`\`yaml
rules: [/etc/falco/falco_rules.yaml, /etc/bulwark/rules.d]
priority: notice
output: json
append_output:
  - suggested_output: true
  - match: { tags: [container] }
    extra_fields: ['proc.env[HOSTNAME]', { node: '\${NODE_NAME:-none}' }]
file: { path: /var/log/bulwark/alerts.json, rotate_mib: 100, keep: 5 }
http: { url: 'http://falcosidekick:2801/' }
\`\`\`

SIGHUP has the file read again, where \`run\` was not started from a terminal: what is marked
with ↻ below holds from then on, the rest after a restart, and a file with a fault changes
nothing and raises an alert. SIGHUP and SIGUSR1 have files and connections opened anew, as
logrotate needs it.

## All options
`

const tables: readonly (readonly [title: string, isIn: (spec: OptionSpec) => boolean])[] = [
  ['Rules and alerts', ({ about }) => about === 'alerts'],
  ['Channels', ({ about }) => about === 'channels'],
  ['The sensor', ({ about }) => about === 'sensor'],
]

const typeText = ({ type }: OptionSpec): string => {
  switch (type.is) {
    case 'switch':
      return 'yes, no'
    case 'number':
      return `${type.min} to ${type.max}`
    case 'choice':
      return type.of.join(', ')
    case 'texts':
      return 'list of texts'
    case 'text':
      return type.what
    case 'text-or-none':
      return `${type.what}, false`
    case 'yaml':
      return type.what
  }
}

const table = (isIn: (spec: OptionSpec) => boolean): string =>
  [
    '| option | value | when not said | meaning |',
    '| --- | --- | --- | --- |',
    ...options
      .filter(isIn)
      .map(
        (spec) =>
          `| \`${spec.name}\`${spec.reloads ? ' ↻' : ''} | ${typeText(spec)} | ${spec.unset} | ` +
          `${spec.meaning} |`,
      ),
  ].join('\n')

const channels = `Each channel has a queue of its own: one that hangs or fails holds up no other,
nor the sensor. What finds no room, or is refused for good, is lost; that is counted, logged,
and told to all channels in an alert ("Bulwark internal: alerts lost") with \`lost.channel\`,
\`lost.count\` and \`lost.reason\`. How and why: [0014](adr/0014-alert-channels.md). A channel
is open when its first option is given.

- **stdout**: JSON, or coloured text on a terminal.
- **file**: lines are appended; on a full disk they wait.
- **syslog**: a datagram as syslog(3) sends it. Daemons that listen for streams are not spoken
  to.
- **program**: started by \`/bin/sh -c\`; what it prints goes to stderr. One that ends with
  another code than 0, or takes too long, is started again for that alert, three times at the
  most.
- **http**: one POST an alert, \`application/json\` or \`text/plain\`, answered with a status of
  2xx: what Falcosidekick and Falco's own receivers take. A server that is away, times out, or
  answers 5xx, 408, 425 or 429 is asked again (with \`Retry-After\`, when it says so); what it
  answers 5xx to twelve times, and what it refuses otherwise, is lost. Redirections are not
  followed, proxies not used.

An alert may come twice where a delivery broke off: \`uuid\` tells.`

const appendKeys: readonly (readonly [key: string, meaning: string])[] = [
  [
    'match',
    '`rule`, `source`, `tags`: all that is given must hold; of tags, a rule has to have all',
  ],
  ['extra_output', 'a format, added to the text behind a blank'],
  [
    'extra_fields',
    'fields for `output_fields` that stand in no text: `proc.pid` with its type, or ' +
      '`name: format` as text',
  ],
  ['suggested_output', 'container and pod, where the output does not have them itself'],
]

const appended = [
  "`append_output` is Falco's: a list whose items add to the rules that match, in order.",
  '',
  '| key | meaning |',
  '| --- | --- |',
  ...appendKeys.map(([key, meaning]) => `| \`${key}\` | ${meaning} |`),
].join('\n')

const folding = [
  'Equal alerts of a rule are **folded**: the first is told at once; those that are equal to it',
  'and come within `fold.seconds` are told in one line when that time is over. It is the last of',
  'them, with `fold_count=… fold_first=… fold_last=…` behind the output, and `fold.count`,',
  '`fold.first` and `fold.last` (nanoseconds since 1970) in `output_fields`. If it goes on, the',
  'next line comes as much later. So a line without `fold.count` is one alert, and one with it is',
  'as many as it says: the sum is exact, also where the agent stops, rules change, or over a',
  'thousand different alerts wait.',
  '',
  'Equal are alerts of one rule and one container that show the same, but for what tells one time',
  'from the next: times, numbers of events, processes and descriptors, and the port that a client',
  'was given. What the output of a rule does not show does not keep its alerts apart.',
  '',
  'A rule may say `fold: true` or `fold: false` (Falco warns of the key, and passes over it).',
  "Rules that say nothing, such as Falco's own, tell every alert, as with Falco, unless",
  '`fold.rules` is `all`.',
].join('\n')

const mapping = (): string =>
  [
    '| key of falco.yaml | here |',
    '| --- | --- |',
    ...options.flatMap((spec) =>
      (spec.falco ?? []).map((key) => `| \`${key}\` | \`${spec.name}\` |`),
    ),
    ...falcoOnly
      .filter(([key]) => !options.some((spec) => spec.falco?.includes(key) === true))
      .map(([key, why]) => `| \`${key}\` | ${why} |`),
  ].join('\n')

/** The text of docs/config.md. */
export const writeConfigPage = (): string => {
  const parts = tables.flatMap(([title, isIn]) => {
    const note = title === 'Channels' ? [channels] : []
    const after = title === 'Rules and alerts' ? [folding, appended] : []
    return [`### ${title}`].concat(note, table(isIn), after)
  })
  const flags = `The flags: ${options.map((spec) => `\`${flagOf(spec)}\``).join(', ')}.`
  const falco = ['## From falco.yaml', mapping()]
  return `${[head.trimEnd(), ...parts, flags, ...falco].join('\n\n')}\n`
}
