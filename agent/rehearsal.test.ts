/** A rehearsal makes an alert of the rules there are, tells nobody, and leaves all as it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCounters } from './counters.ts'
import { Engine } from './engine.ts'
import { ProcessTable } from './process-table.ts'
import { Rehearsal } from './rehearsal.ts'
import { ruleText, rulesOf } from './testdata/rules.ts'
import { Users } from './users.ts'

const wallNs = 1_795_428_672_000_000_345n

/** What alerts of rehearsals say, several in a row. */
const rehearse = (...rules: readonly string[]): readonly (string | undefined)[] => {
  const counters = newCounters()
  const unwanted = (): never => assert.fail('it was told')
  const engine = new Engine({
    rules: rulesOf(...rules),
    matching: 'first',
    surroundings: { users: new Users(), hostname: 'node1' },
    counters,
    resolve: () => () => new Set(),
    onAlert: unwanted,
    log: unwanted,
  })
  const processes = new ProcessTable(counters, unwanted, unwanted)
  const rehearsal = new Rehearsal('x64')
  const said = [0n, 1n, 1_000_000_000n].map(
    (later) => rehearsal.run(engine, processes, wallNs + later)?.message,
  )
  assert.deepEqual([processes.size, counters], [0, newCounters()])
  return said
}

test('whatever the rules ask for', () => {
  const output = '%proc.exepath %proc.args %evt.time.iso8601'
  const of = (time: string): string => `/usr/bin/rehearsal of an alert 2026-11-23T10:11:${time}Z`
  assert.deepEqual(
    rehearse(
      ruleText('R', 'evt.type = execve and proc.name = sh', output),
      ruleText('S', 'evt.type = execve and proc.name = rehearsal'),
    ),
    ['12.000000345', '12.000000346', '13.000000345'].map(of),
  )
})

test('none where no rule is about programs that start', () => {
  const nothing = [undefined, undefined, undefined]
  assert.deepEqual(rehearse(ruleText('R', 'evt.type = openat and fd.name = /etc/shadow')), nothing)
  assert.deepEqual(rehearse(), nothing)
})
