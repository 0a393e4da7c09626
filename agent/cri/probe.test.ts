/** Who is told that there is no CRI socket. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { criFinding } from './probe.ts'

test('a socket is missed where a runtime is at work, or where somebody named it', () => {
  const check = (sockets: readonly string[] | undefined, runs: boolean, missed: boolean): void => {
    const finding = criFinding({ sockets, runs: () => runs, usual: ['/nowhere/at/all.sock'] })
    assert.deepEqual([finding.probe, finding.missed], ['no', missed])
    assert.equal(finding.name.includes('no container runtime runs here'), !missed)
  }
  check(undefined, false, false)
  check(undefined, true, true)
  check(['/nowhere/too.sock'], false, true)
  check([], true, false) // --no-cri
})
