/**
 * Runs a scenario file against a real sensor: one sensor for all, one test per scenario, in which
 * the attack must be reported as the scenario says, and the benign twin must not be. Beside it runs
 * one without filters, which must tell the same.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type Act,
  type Container,
  type ExpectedAlert,
  type Lab,
  type Scenario,
  openLab,
  perform,
  readScenarios,
  reasonToSkip,
} from '@bulwark/tools'
import { type Alert, type Sensor, type SensorOptions, bellProgram, withoutUuid } from './sensor.ts'
import { SensorPair } from './sensor-pair.ts'

/** Defines the tests of scenario files; call it once in a test file. */
export function testScenarios(files: string | readonly string[], options: SensorOptions): void {
  const read = [files].flat().map((file) => readScenarios(readFileSync(file, 'utf8')))
  assert.deepEqual(
    read.flatMap(({ faults }) => faults),
    [],
  )
  const scenarios = read.flatMap((file) => file.scenarios)
  const skip = skipReason(options)
  let stage: Stage | undefined
  before(async () => {
    if (skip === false) stage = await openStage(options)
  })
  after(async () => await stage?.close())
  for (const scenario of scenarios) {
    test(`${scenario.name}: ${scenario.rule}`, { skip }, async () => {
      assert.ok(stage)
      await checkScenario(stage, scenario)
    })
  }
  test('a replay of all that was recorded tells the same', { skip }, async () => {
    assert.ok(stage)
    await checkReplay(stage.sensors.recorder)
  })
}

type Stage = {
  readonly lab: Lab
  readonly sensors: SensorPair
  /** Bears the bell; lives as long as the stage. */
  readonly bearer: Container
  close(): Promise<void>
}

/** A rule file that is not ours may be missing; what is ours may not. */
function skipReason(options: SensorOptions): string | false {
  const reason = reasonToSkip()
  if (reason !== undefined) return reason
  const missing = options.rules.find((path) => !existsSync(path))
  return missing === undefined ? false : `no ${missing}`
}

async function openStage(options: SensorOptions): Promise<Stage> {
  const lab = await openLab()
  try {
    const bearer = await lab.createContainer({ name: 'bell', programs: [bellProgram] })
    const sensors = await SensorPair.start(options, lab.directory)
    const close = async (): Promise<void> => {
      try {
        await sensors.stop()
      } finally {
        await lab.close()
      }
    }
    return { lab, sensors, bearer, close }
  } catch (error) {
    await lab.close()
    throw error
  }
}

async function checkScenario(stage: Stage, scenario: Scenario): Promise<void> {
  const ofRule = ({ rule }: Alert): boolean => rule === scenario.rule
  const attack = await observeAct(stage, scenario.attack)
  checkAlert(attack.filter(ofRule), attack, scenario.alert)
  const twin = await observeAct(stage, scenario.twin)
  assert.deepEqual(
    twin.filter(ofRule).map(({ output }) => output),
    [],
    'the twin was reported',
  )
}

/** Ends the sensor; alert by alert, its recording must say what it has said. */
async function checkReplay(sensor: Sensor): Promise<void> {
  await sensor.stop()
  const replayed = await sensor.replay()
  sensor.alerts.forEach((alert, i) => {
    const again = replayed[i]
    assert.deepEqual(again && withoutUuid(again), withoutUuid(alert), `alert ${i}`)
  })
  assert.equal(replayed.length, sensor.alerts.length)
  assert.ok(replayed.length > 0)
}

/** Performs an act in a new container; returns what was told of it, and of its host programs. */
async function observeAct(stage: Stage, act: Act): Promise<readonly Alert[]> {
  const { lab, sensors, bearer } = stage
  let container: Container | undefined
  const isOfAct = ({ output_fields: fields }: Alert): boolean => {
    const { id = '' } = container ?? {}
    return fields['container.id'] === id.slice(0, 12) || String(fields['proc.exepath']).includes(id)
  }
  const told = await sensors.observe(
    bearer,
    async () => {
      container = await lab.createContainer(act.container)
      await perform(act, container)
    },
    isOfAct,
  )
  await container?.destroy()
  return told
}

/** One of the rule's alerts must be all that was expected; the message shows what there was. */
function checkAlert(
  ofRule: readonly Alert[],
  all: readonly Alert[],
  expected: ExpectedAlert,
): void {
  const others = all.map(({ rule }) => rule).join(', ')
  assert.notEqual(ofRule.length, 0, `the attack was not reported; other rules did: ${others}`)
  const fits = (alert: Alert): boolean =>
    alert.priority === expected.priority &&
    (expected.process === undefined || alert.output_fields['proc.name'] === expected.process) &&
    expected.words.every((word) => alert.output.includes(word))
  const found = ofRule.map(({ priority, output }) => ({ priority, output }))
  assert.ok(ofRule.some(fits), `expected ${show(expected)}, found ${show(found)}`)
}

function show(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
}

/** The official rule files lie beside the repository, not in it. */
export function officialRules(name: string): string {
  return join(import.meta.dirname, '../../../shared/conformance/falco', name)
}
