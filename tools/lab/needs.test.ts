/** What the lab needs is what `make setup` installs. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { labNeeds } from './needs.ts'

test('make setup installs what the lab needs', () => {
  const setup = readFileSync(join(import.meta.dirname, '../setup.sh'), 'utf8')
  for (const name of labNeeds.flatMap(({ packages }) => packages.split(' '))) {
    assert.match(setup, new RegExp(`^${name} `, 'm'), `tools/setup.sh does not know ${name}`)
  }
})
