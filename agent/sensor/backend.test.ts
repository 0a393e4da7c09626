/** Which backend is taken, by what the kernel was found to take. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Probe } from '@bulwark/native'
import type { BackendChoice } from './backend.ts'
import { chooseBackend } from './backend.ts'
import type { Finding } from './probe.ts'

const finding = (name: string, probe: Probe, id = name): Finding => ({
  id,
  name,
  events: [],
  probe,
  needed: false,
  without: '',
  remedy: '',
})

test('auto takes what the kernel offers; whoever asks gets what they ask for', () => {
  const check = (choice: BackendChoice, functions: Probe, hooks: Probe, expected: string): void => {
    const findings = [finding('functions', functions, 'fexit'), finding('hooks', hooks, 'lsm')]
    const { backend, hearsNames } = chooseBackend(choice, findings)
    assert.equal(backend + (hearsNames ? ' with names' : ''), expected)
  }
  const unknown = { unknown: 'EIO' }
  check('auto', 'yes', 'yes', 'security with names')
  check('auto', 'yes', 'no', 'security')
  check('auto', 'yes', unknown, 'security')
  check('auto', 'no', 'yes', 'tracepoint')
  check('auto', unknown, 'yes', 'tracepoint')
  check('tracepoint', 'yes', 'yes', 'tracepoint')
  check('security', 'yes', 'yes', 'security with names')
  check('security', 'no', 'no', 'security')
})

test('auto leaves functions alone where programs there are preempted', () => {
  const check = (choice: BackendChoice, held: Probe, expected: string): void => {
    const findings = [finding('functions', 'yes', 'fexit'), finding('held', held, 'held-functions')]
    assert.equal(chooseBackend(choice, findings).backend, expected)
  }
  check('auto', 'yes', 'security')
  check('auto', 'no', 'tracepoint')
  check('auto', { unknown: 'EPERM' }, 'security')
  check('security', 'no', 'security')
})

test('the reason names what was found', () => {
  const findings = [finding('functions', 'no'), finding('hooks', { unknown: 'EIO' })]
  assert.equal(chooseBackend('auto', findings).why, 'functions: no; hooks: cannot tell: EIO')
  assert.match(chooseBackend('security', findings).why, /^asked for; /)
})
