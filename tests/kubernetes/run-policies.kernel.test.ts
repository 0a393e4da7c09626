/**
 * `bulwark run` with the policies of an API server: they are the rules that run, beside those of
 * files, while they come, change and go.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { NewObject } from '@bulwark/tools'
import { ApiServer, kubeconfigText } from '@bulwark/tools'
import type { Running } from '../running.ts'
import { end, skip, startRun, timeout, useRareProgram } from '../running.ts'

const { folder, program } = useRareProgram(() => '')

const condition = `evt.type = execve and proc.exepath = ${program}`

const policyOf = (name: string, rule: string, more: object = {}, when = condition): NewObject => ({
  metadata: { name },
  spec: { rules: [{ name: rule, condition: when, output: '%proc.name' }], ...more },
})

interface Told {
  readonly rule: string
  readonly output: string
  readonly output_fields: Readonly<Record<string, unknown>>
  readonly bulwark?: { readonly policy?: string }
}

const next = async ({ alert }: Running): Promise<Told> => JSON.parse(await alert()) as Told

/** Runs the program; the rule and the policy that tell of it. */
const judge = async (running: Running): Promise<string> => {
  spawnSync(program)
  const { rule, bulwark } = await next(running)
  return `${rule} of ${bulwark?.policy ?? 'a file'}`
}

/** Resolves when rules have changed so often. */
const changed = (running: Running, nth: number): Promise<string> =>
  running.said('policies hold', nth + 1)

test('policies of a cluster, beside files of them', { skip, timeout }, async (t) => {
  const server = await ApiServer.start()
  t.after(() => server.stop())
  server.putPolicy(policyOf('cluster', 'First', { mode: 'enforce' }))
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const kubeconfig = write('kubeconfig', kubeconfigText(server.url, { token: 'a' }))
  const rules = write('rules.yaml', '- macro: started\n  condition: (evt.type = execve)\n')
  mkdirSync(join(folder, 'policies'))
  const state = join(folder, 'state')
  const args = ['--kubeconfig', kubeconfig, '--node', 'node-a', '--no-cri', '--state-dir', state]
  const running = await startRun(t, rules, [...args, '--policy', join(folder, 'policies')])
  await running.said('1 of 1 policies hold; 1 to enforce act as audit')
  assert.equal(await judge(running), 'First of cluster')
  server.putPolicy(policyOf('cluster', 'Second', {}, `started and proc.exepath = ${program}`))
  await changed(running, 1)
  assert.equal(await judge(running), 'Second of cluster')

  // A broken one stays what it was, and is told once; another one is taken beside it.
  server.putPolicy(policyOf('cluster', 'Broken', {}, 'evt.type ='))
  const told = await next(running)
  assert.equal(told.rule, 'Bulwark internal: policy not taken')
  assert.match(
    told.output,
    /Policy cluster not taken, as it was before it goes on: runtimepolicy\S+\/cluster:11:/,
  )
  assert.equal(told.output_fields['rules.policy'], 'cluster')
  server.putPolicy(policyOf('a-new-one', 'Third'))
  await running.said('2 of 2 policies hold')
  assert.equal(await judge(running), 'Third of a-new-one')
  server.removePolicy('a-new-one')
  await changed(running, 3)
  assert.equal(await judge(running), 'Second of cluster')
  server.putPolicy(policyOf('cluster', 'Third'))
  await changed(running, 4)

  // Of a name that meets one of a file, the file's counts.
  const text = JSON.stringify({
    apiVersion: 'bulwark.dev/v1alpha1',
    kind: 'RuntimePolicy',
    ...policyOf('cluster', 'Fourth'),
  })
  write('policies/own.yaml', text)
  const met = await next(running)
  assert.match(met.output, /Policy cluster not taken, it holds nowhere: .*another policy has this/)
  await running.said('1 of 2 policies hold')
  assert.equal(await judge(running), 'Fourth of cluster')

  // What a rule file does not give any more is the fault of that file.
  write('policies/own.yaml', '')
  await changed(running, 6)
  server.putPolicy(policyOf('cluster', 'Fifth', {}, `started and proc.exepath = ${program}`))
  await changed(running, 7)
  assert.equal(await judge(running), 'Fifth of cluster')
  write('rules.yaml', '- macro: other\n  condition: (evt.type = execve)\n')
  assert.equal((await next(running)).rule, 'Bulwark internal: rules not changed')
  // And what is said of policies does not wait for it.
  server.putPolicy(policyOf('cluster', 'Sixth'))
  await changed(running, 8)
  assert.equal(await judge(running), 'Sixth of cluster')

  // Over a restart one that became faulty is what it was.
  assert.equal(await end(running.child, 'SIGTERM'), 0)
  write('rules.yaml', '')
  server.putPolicy(policyOf('cluster', 'Broken', {}, 'evt.type ='))
  const again = await startRun(t, rules, args)
  assert.match(
    await again.said('policies: as they were kept, not as they are'),
    /: runtimepolicy\.bulwark\.dev\/cluster \(of \d{4}-\S+Z, \d+ \S+ ago\)$/,
  )
  assert.match(
    (await next(again)).output,
    /Policy cluster not taken, as it was before it goes on: /,
  )
  assert.equal(await judge(again), 'Sixth of cluster')

  // One that selects nothing here is told by its name, once.
  const scope = { podSelector: { matchLabels: { app: 'none' } } }
  server.putPolicy(policyOf('idle', 'Idle', { scope }))
  assert.match(await again.said('select no container here'), /here: idle$/)
  server.removePolicy('idle')
  server.removePolicy('cluster')
  await again.said('0 of 0 rules run')
  assert.equal(await end(again.child, 'SIGTERM'), 0)
  const last = again.log.findLast((line) => line.includes('API server: '))
  assert.match(last ?? '', /API server: pods of .* ago, namespaces of .* ago, policies of .* ago$/)
})
