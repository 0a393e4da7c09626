/** What must hold of any file of policies. The table of laws is `tests/laws.md`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { syscallNames } from '@bulwark/schema'
import { loadPolicies } from './load.ts'
import { schemaCatalog } from '../falco/fields.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 1500)

const options = {
  catalog: schemaCatalog,
  eventNames: syscallNames,
  sources: new Set(['syscall']),
  suggestedOutput: [],
}

const macros =
  '- macro: program_started\n  condition: (evt.type = execve)\n' +
  '- list: shell_programs\n  items: [sh]\n'

const example = join(import.meta.dirname, '../../docs/examples/shells-in-production.yaml')
const lines = readFileSync(example, 'utf8').split('\n')
const beside =
  'apiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: beside}\n' +
  'spec: {rules: [{name: r, condition: evt.type = open, output: x}]}\n'

const odd = [
  '',
  '- ',
  '  x: [',
  '{}',
  '---',
  '...',
  '\t',
  '&a',
  '*a',
  '!!str',
  '"',
  ': ',
  '%',
  '\0',
  '\ud800',
]

/** A change of the lines at a place. */
const edit = fc.record({
  at: fc.nat({ max: lines.length }),
  what: fc.oneof(
    fc.constant({ is: 'drop' as const }),
    fc.constant({ is: 'twice' as const }),
    fc.nat({ max: 8 }).map((by) => ({ is: 'indent' as const, by })),
    fc.nat({ max: lines.length }).map((to) => ({ is: 'move' as const, to })),
    fc.nat({ max: 60 }).map((length) => ({ is: 'cut' as const, length })),
    fc.constantFrom(...odd).map((text) => ({ is: 'put' as const, text })),
    fc.string({ maxLength: 30 }).map((text) => ({ is: 'put' as const, text })),
  ),
})

const edited = (
  edits: readonly (typeof edit extends fc.Arbitrary<infer E> ? E : never)[],
): string => {
  const text = [...lines]
  for (const { at, what } of edits) {
    const line = text[at] ?? ''
    switch (what.is) {
      case 'drop':
        text.splice(at, 1)
        break
      case 'twice':
        text.splice(at, 0, line)
        break
      case 'indent':
        text.splice(at, 1, ' '.repeat(what.by) + line.trimStart())
        break
      case 'move':
        text.splice(what.to, 0, ...text.splice(at, 1))
        break
      case 'cut':
        text.splice(at, 1, line.slice(0, what.length))
        break
      case 'put':
        text.splice(at, 0, what.text)
    }
  }
  return text.join('\n')
}

test('any file of policies is read, and what is sound beside it holds', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const seen = { holds: 0, disabled: 0 }
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const { policies, rules } = loadPolicies(
        [{ name: 'rules.yaml', text: macros }],
        [
          { name: 'beside.yaml', text: beside },
          { name: 'edited.yaml', text: edited(edits) },
        ],
        options,
      )
      const [first, ...others] = policies
      assert.equal(first?.isDisabled, false)
      assert.equal(rules.filter(({ policy }) => policy?.name === 'beside').length, 1)
      for (const { isDisabled, found, rules: own } of others) {
        seen[isDisabled ? 'disabled' : 'holds']++
        assert.equal(
          isDisabled,
          found.some(({ severity }) => severity === 'error'),
        )
        if (isDisabled) assert.deepEqual(own, [])
        for (const { place, message } of found) {
          assert.equal(place.file, 'edited.yaml')
          assert.ok(place.line >= 1 && place.column >= 1 && message !== '')
        }
      }
    }),
    { seed, numRuns },
  )
  context.diagnostic(`${seen.holds} policies held, ${seen.disabled} were disabled`)
  assert.ok(seen.holds > numRuns / 20 && seen.disabled > numRuns / 20, JSON.stringify(seen))
})
