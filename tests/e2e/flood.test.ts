/**
 * One container opens files as fast as it can on all CPUs, which is more than the agent
 * can take. A quiet one beside it does something bad again and again: all its alerts
 * come, nothing is lost, and the flood is told by name.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Container } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { callsProgram } from '../kernel/program.ts'
import { end, skip, startRun, timeout } from '../running.ts'

const opensOfEach = 400_000
const attacks = 40
/** Fewer than the agent can take, however busy the machine: else it is state that is shed. */
const perSecond = 1_000

/** Match none of them, and take their time: nothing in the kernel can tell. */
const slowRules = Array.from(
  { length: 20 },
  (_, i) => `
- rule: Noise ${i}
  desc: d
  condition: >
    evt.type in (open, openat) and fd.name startswith /tmp/noise and
    fd.name regex "^(/|t|m|p)*(no|ise|-)*(of|-a|-)*(con|tain|er)*([0-9]?[0-9])*[xyz]${i}$"
  output: opened %fd.name
  priority: INFO
`,
)

const rules = `${slowRules.join('')}
- rule: Attack
  desc: d
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and container.id != host
  output: read by %proc.name with parent %proc.pname as %proc.args
  priority: INFO
`

interface Alert {
  readonly rule: string
  readonly output_fields: Readonly<Record<string, unknown>>
}

test(
  'a container that floods hides nothing of another',
  { skip, timeout: 2 * timeout },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bulwark-flood-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'rules.yaml')
    writeFileSync(file, rules)
    const lab = await openLab()
    t.after(() => lab.close())
    const [noisy, quiet] = [await lab.createContainer({}), await lab.createContainer({})]
    copyFileSync(callsProgram(), `/proc/${noisy.pid}/root/tmp/calls`)
    const options = ['-o', 'json', '--cri', 'false', '--flood-events-per-second', String(perSecond)]
    const { child, alert, log } = await startRun(t, file, options)
    const alerts: Alert[] = []
    const ended = (async () => {
      for (let line = await alert(); line !== 'no alert'; line = await alert()) {
        const { rule, output_fields: fields } = JSON.parse(line) as Alert
        if (rule !== 'Noise') alerts.push({ rule, output_fields: fields })
      }
    })()
    const flood = (container: Container): Promise<unknown>[] =>
      Array.from({ length: availableParallelism() }, async () => {
        const argv = ['/tmp/calls', 'opens', `%${opensOfEach}`, '=/tmp/noise-of-a-container']
        const { code, stderr } = await container.exec(argv, { timeoutMs: timeout })
        assert.equal(code, 0, stderr)
      })
    const floods = flood(noisy)
    for (let i = 0; i < attacks; i++) {
      const { code, stderr } = await quiet.exec([
        '/bin/busybox',
        'head',
        '-n',
        `${i}`,
        '/etc/shadow',
      ])
      assert.equal(code, 0, stderr)
    }
    await Promise.all(floods)
    assert.equal(await end(child, 'SIGTERM'), 0)
    await ended
    const numbers = alerts
      .filter(({ rule }) => rule === 'Attack')
      .map(({ output_fields: fields }) => [fields['proc.name'], fields['proc.args']])
    assert.deepEqual(
      numbers,
      Array.from({ length: attacks }, (_, i) => ['busybox', `head -n ${i} /etc/shadow`]),
    )
    const others = alerts.filter(({ rule }) => rule !== 'Attack')
    const shed = others.filter(({ rule }) => rule === 'Bulwark internal: events shed')
    const ofNoisy = shed.filter(
      ({ output_fields: fields }) => fields['container.id'] === noisy.id.slice(0, 12),
    )
    assert.ok(ofNoisy.length > 0, log.join('\n'))
    const count = ofNoisy.reduce((sum, { output_fields: f }) => sum + Number(f['shed.count']), 0)
    assert.deepEqual(
      new Set(ofNoisy.map(({ output_fields: fields }) => fields['shed.hook'])),
      new Set(['openat']),
      'no state was shed',
    )
    assert.ok(!shed.some(({ output_fields: f }) => f['container.id'] === quiet.id.slice(0, 12)))
    assert.deepEqual(
      others.filter((each) => each.rule.endsWith('events lost')),
      [],
    )
    t.diagnostic(`${count} of ${opensOfEach * floods.length} events were shed`)
    t.diagnostic(log.slice(-2).join('; '))
    assert.match(log.at(-1) ?? '', /lost: none; .*shed in floods: \d+/)
  },
)
