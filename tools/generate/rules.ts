/** Writes the reference page of Bulwark's own rules from the rule files themselves. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'

type Exception = { readonly name: string; readonly fields: string | readonly string[] }

type Rule = {
  readonly rule: string
  readonly desc: string
  readonly priority: string
  readonly tags: readonly string[]
  readonly exceptions: readonly Exception[]
  readonly fold?: boolean
}

const notice = '<!-- Generated from rules/ by tools/generate.ts. Do not edit. -->'

const introduction = `# Rules

What Bulwark's own rules catch, why, and how to make room for what is normal with you. They are
Falco's language, in \`rules/*.yaml\`, and load in the order of the files' names; only the first
rule that matches is told of an event, so the more urgent ones come first. Each has an attack that
really happens and a benign twin that must stay silent, in \`rules/scenarios/\`:
\`make attack ARGS=--list\`.

## To make room for what is normal

In a file of your own that is loaded after them (\`bulwark run --rules rules --rules mine.yaml\`),
append to an exception of the rule, named below with its fields in their order:

\`\`\`yaml
- rule: Package manager run in container
  exceptions:
    - name: image_and_command
      values: [[registry.example/ci/builder, apt-get update]]
  override: { exceptions: append }
\`\`\`

or let a name pass everywhere, by appending it to the list that the rule asks
(\`override: { items: append }\`); or replace one of the pack's macros
(\`override: { condition: replace }\`), such as \`outbound_learned\`, the time for which a container
may show what it does; or switch a rule off (\`enabled: false\`).

Priorities say how sure a rule is, and how bad what it tells would be: Critical is hardly ever
anything else than an attack; Error and Warning have benign causes that are rare in a container made
to serve; Notice is normal in some images, and worth a line.

Rules on what programs do again and again are marked _folded_ (\`fold: true\`): the first alert
comes at once, and what is equal to it within a minute in one line with its count
([config.md](config.md#rules-and-alerts)). \`fold: false\` with \`override: { fold: replace }\` has
each told, and \`--fold-rules none\` has that for all rules.

What is told by the words of a command line can be written otherwise. Such rules stand beside others
that look at what the kernel did: streams, files, name spaces, layers of the image.
`

/** The page, from the rule files of a folder. */
export function writeRulesPage(folder: string): string {
  const files = globSync('*.yaml', { cwd: folder }).toSorted()
  const parts = files.map((file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    const rules = (parse(text) as Partial<Rule>[]).filter((item): item is Rule => 'rule' in item)
    return rules.length === 0 ? '' : `\n${partOf(file, text)}${rules.map(entryOf).join('')}`
  })
  return `${notice}\n\n${introduction}${parts.join('')}`
}

/** The heading of a file: its first comment says what its rules are about. */
function partOf(file: string, text: string): string {
  const about = /^# (.+(?:\n# .+)*)/.exec(text)?.[1]?.replaceAll('\n# ', ' ') ?? ''
  return `## ${about.replace(/[.:].*$/s, '')}\n\n\`rules/${basename(file)}\`\n`
}

function entryOf(rule: Rule): string {
  const techniques = rule.tags.filter((tag) => /^T\d{4}/.test(tag)).join(', ')
  const exceptions = rule.exceptions.map(({ name, fields }) => {
    const list = typeof fields === 'string' ? [fields] : fields
    return `\`${name}\` (${list.map((field) => `\`${field}\``).join(', ')})`
  })
  return (
    `\n### ${rule.rule}\n\n${rule.desc.trim()}\n\n` +
    `${capitalised(rule.priority)} · ${techniques} · exceptions: ${exceptions.join(', ')}` +
    `${rule.fold === true ? ' · folded' : ''}\n`
  )
}

const capitalised = (word: string): string =>
  word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()
