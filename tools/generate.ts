/**
 * `npm run generate`: writes everything that is derived from `schema/`, the page of the rules, and
 * that of the graph.
 * The files are committed, and the tests check that they are what this writes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeConfigPage } from './generate/config.ts'
import { customResources, writePolicyPage } from './generate/crd.ts'
import { writeDecoder } from './generate/decoder.ts'
import { writeEventsPage, writeFieldsPage } from './generate/docs.ts'
import { writeGraphPage } from './generate/graph.ts'
import { writeHeader } from './generate/header.ts'
import { writeRulesPage } from './generate/rules.ts'
import { writeSeverityPage } from './generate/severity.ts'

const root = join(import.meta.dirname, '..')

const outputs: readonly (readonly [path: string, text: string])[] = [
  ['bpf/gen/events.h', writeHeader()],
  ['schema/layout.gen.ts', writeDecoder()],
  ['docs/events.md', writeEventsPage()],
  ['docs/fields.md', writeFieldsPage()],
  ['docs/graph.md', writeGraphPage()],
  ['docs/config.md', writeConfigPage()],
  ['docs/runtime-policy.md', writePolicyPage()],
  ...customResources.map(({ path, text }) => [path, text] as const),
  ['docs/rules.md', writeRulesPage(join(root, 'rules'))],
  ['docs/severity.md', writeSeverityPage()],
]

const readOr = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

for (const [path, text] of outputs) {
  const file = join(root, path)
  if (readOr(file) === text) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`generate: wrote ${path}`)
}
