/** The `context` of policies as a server has it: one that becomes faulty stays what it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OperatorSettings } from '@bulwark/graph'
import type { RuleText } from '../load-rules.ts'
import { ServerPolicies } from './policies.ts'

const textOf = (name: string, when: string): RuleText => ({
  name: `runtimepolicy.bulwark.dev/${name}`,
  text: JSON.stringify({
    apiVersion: 'bulwark.dev/v1alpha1',
    kind: 'RuntimePolicy',
    metadata: { name },
    spec: {
      rules: [{ name: 'r', condition: 'evt.type = open', output: 'x' }],
      context: [{ when, effect: 'suppress', reason: 'x' }],
    },
  }),
})

test('policies come, change, go wrong and go', () => {
  const settings = new OperatorSettings()
  const files = { rules: [], policies: [textOf('file', 'graph.seccomp = true')], cluster: [] }
  const policies = new ServerPolicies(files, settings)
  const holds = (): readonly string[] =>
    settings.now.overrides.map(({ name, origin }) => `${name} ${origin.text}`).toSorted()
  const ofFile = 'file.context[0] when graph.seccomp = true'
  policies.take([])
  assert.deepEqual(holds(), [ofFile])
  const first = 'cluster.context[0] when graph.secrets = 1'
  policies.take([textOf('cluster', 'graph.secrets = 1')])
  assert.deepEqual(holds(), [first, ofFile])
  policies.take([textOf('cluster', 'graph.secretz = 1'), textOf('new', 'graph.nothing = 1')])
  assert.deepEqual(holds(), [first, ofFile], 'a new one that is faulty holds nowhere')
  policies.take([textOf('cluster', 'graph.secrets = 2')])
  assert.deepEqual(holds(), ['cluster.context[0] when graph.secrets = 2', ofFile])
  // Of two of one name that of a file counts.
  policies.take([textOf('file', 'graph.secrets = 3')])
  assert.deepEqual(holds(), [ofFile])
  policies.take([textOf('cluster', 'graph.secretz = 1')])
  assert.deepEqual(holds(), [ofFile], 'what is gone is forgotten')
})

test('after a restart one that is faulty by now is what was kept of it', () => {
  const holdsWith = (before: readonly RuleText[], cluster: readonly RuleText[]): unknown => {
    const settings = new OperatorSettings()
    const files = { rules: [], policies: [], cluster: [] }
    const policies = new ServerPolicies(files, settings, before)
    policies.take(cluster)
    return [
      settings.now.overrides.map(({ origin }) => origin.text),
      policies.sound.map(({ text }) => /graph\.\w+ = \d/.exec(text)?.[0]),
    ]
  }
  const [sound, faulty] = [textOf('a', 'graph.secrets = 1'), textOf('a', 'graph.secretz = 1')]
  const held = ['when graph.secrets = 1']
  assert.deepEqual(holdsWith([sound], [faulty]), [held, ['graph.secrets = 1']])
  assert.deepEqual(holdsWith([], [faulty]), [[], []])
  // Kept by another version of Bulwark, which took it for sound.
  assert.deepEqual(holdsWith([faulty], [faulty]), [[], []])
  assert.deepEqual(holdsWith([sound], []), [[], []], 'what is gone is gone')
  const other = textOf('a', 'graph.secrets = 2')
  assert.deepEqual(holdsWith([sound], [other]), [['when graph.secrets = 2'], ['graph.secrets = 2']])
})
