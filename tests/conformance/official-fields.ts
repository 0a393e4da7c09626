/**
 * The fields that Falco's own rules use, as the page beside the case files lists them; and the
 * lines of the agent's tests that say what each is on an event.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fieldNamed } from '@bulwark/schema'
import { caseFolder } from './cases.ts'

/** Names of the fields in the table of the page; arguments of events as `evt.arg.NAME`. */
export const officialFields = (): readonly string[] => {
  const page = readFileSync(join(caseFolder, 'FALCO.md'), 'utf8')
  const table = page.slice(page.indexOf('\n## 3.3'), page.indexOf('\n## 3.4'))
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name)
}

const agent = join(import.meta.dirname, '../../agent')

/** What the agent's tests say of fields: name without `[argument]`, and value; `-` for none. */
const testedFields = (): readonly (readonly [name: string, value: string])[] =>
  [agent, join(agent, 'fields')]
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.test.ts'))
    .flatMap((path) => readFileSync(path, 'utf8').split(/\n|\\n|['`]/))
    .flatMap((line) => {
      const [, field, value] =
        /^\s*([a-z0-9_]+(?:\.[a-z0-9_]+)+)(?:\[\S*\])?\s+(.+)$/.exec(line) ?? []
      return field === undefined || value === undefined ? [] : [[field, value] as const]
    })

/** What is wrong with a field of the official rules; `undefined` when nothing is. */
export const officialFieldCheck = (): ((name: string) => string | undefined) => {
  const tested = testedFields()
  return (name) => {
    const field = fieldNamed(name.startsWith('evt.arg.') ? 'evt.arg' : name)
    if (!field || field.unsupported !== undefined) return `${name}: not carried`
    const values = tested.filter(([each]) => each === name).map(([, value]) => value)
    if (!values.some((value) => value !== '-')) return `${name}: no test with a value`
    const isAlways = /^(?:always there|empty|`<NA>`)/.test(field.absent)
    return isAlways || values.includes('-') ? undefined : `${name}: no test without one`
  }
}
