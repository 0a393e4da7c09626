/**
 * A few quick acts of the catalogue that `make scenarios` performs wholly: in the lab's own image,
 * one after another, so that the runner and the rules cannot part unnoticed.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Lab, openLab, reasonToSkip } from '@bulwark/tools'
import { packFiles } from '../e2e/pack.ts'
import { type Alert, Sensor, bellProgram } from '../e2e/sensor.ts'
import { readCatalogue } from './catalogue.ts'
import { performScript } from './perform.ts'

const file = join(import.meta.dirname, '../../../shared/scenarios/scenarios.json')
/** In the order of the catalogue. */
const quick = ['EXEC-07', 'CRED-01', 'CRED-07', 'CRED-08']
const skip = reasonToSkip() ?? (existsSync(file) ? false : `no ${file}`)

let lab: Lab | undefined
let sensor: Sensor | undefined

before(async () => {
  if (skip !== false) return
  lab = await openLab()
  sensor = await Sensor.start({ rules: packFiles }, lab.directory)
})

after(async () => {
  try {
    await sensor?.stop()
  } finally {
    await lab?.close()
  }
})

test('quick scenarios alert, and their twins do not', { skip }, async () => {
  assert.ok(lab && sensor)
  const openedLab = lab
  const { tried } = readCatalogue(readFileSync(file, 'utf8'))
  const bearer = await openedLab.createContainer({ name: 'bell', programs: [bellProgram] })
  const told = new Map<string, { attack: string; twin: string }>()
  const alerts = await sensor.observe(bearer, async () => {
    for (const each of tried.filter(({ id }) => quick.includes(id))) {
      const attack = await performScript(openedLab, undefined, each, 'attack')
      const twin = await performScript(openedLab, undefined, each, 'twin')
      told.set(each.id, { attack: attack.container, twin: twin.container })
    }
  })
  const of = (container: string): readonly Alert[] =>
    alerts.filter(({ output_fields: fields }) => fields['container.id'] === container)
  assert.deepEqual([...told.keys()], quick)
  for (const [id, { attack, twin }] of told) {
    assert.notEqual(of(attack).length, 0, `${id}: no rule told it`)
    assert.deepEqual(of(twin), [], `${id}: its twin was told`)
  }
})
