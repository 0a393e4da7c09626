/**
 * `make scenarios`: performs a catalogue of tried attacks and their benign twins for real, several
 * containers at a time, under one sensor with Bulwark's own rules, and prints which of them were
 * told.
 *
 *   node tests/scenarios/run.ts [--from FILE] [--lanes N] [--verbose] [ID...]
 */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Lab, openLab } from '@bulwark/tools'
import { packFiles } from '../e2e/pack.ts'
import { type Alert, Sensor, bellProgram } from '../e2e/sensor.ts'
import { type Tried, readCatalogue } from './catalogue.ts'
import { type Performed, performScript } from './perform.ts'
import { type Roots, makeRoots } from './roots.ts'
import { type Outcome, printOutcomes } from './table.ts'

const root = join(import.meta.dirname, '../..')
/** Compilers, packed archives and strace make bursts that no ordinary node does. */
const ringMib = 64
/** Acts sleep more than they work. */
const lanesPerCpu = 4

type Job = { readonly tried: Tried; readonly kind: 'attack' | 'twin' }

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      from: { type: 'string', default: join(root, '../shared/scenarios/scenarios.json') },
      lanes: { type: 'string', default: String(availableParallelism() * lanesPerCpu) },
      verbose: { type: 'boolean', default: false },
    },
  })
  if (!existsSync(values.from)) {
    console.error(`no catalogue at ${values.from}; name one with --from FILE`)
    return 3
  }
  const { tried, leftOut } = readCatalogue(readFileSync(values.from, 'utf8'))
  for (const [why, count] of leftOut) console.error(`left out, ${count}: ${why}`)
  const chosen = tried.filter(({ id }) => positionals.length === 0 || positionals.includes(id))
  const roots = await makeRoots((line) => console.error(line))
  const outcomes = await performAll(chosen, roots, Number(values.lanes))
  printOutcomes(outcomes, values.verbose, (line) => console.log(line))
  return 0
}

async function performAll(
  chosen: readonly Tried[],
  roots: Roots,
  lanes: number,
): Promise<readonly Outcome[]> {
  const jobs = chosen.flatMap((tried): Job[] => [
    { tried, kind: 'attack' },
    ...(tried.twin === undefined ? [] : [{ tried, kind: 'twin' } as const]),
  ])
  const lab = await openLab()
  try {
    const bearer = await lab.createContainer({ name: 'bell', programs: [bellProgram] })
    const sensor = await Sensor.start({ rules: packFiles, ringMib }, lab.directory)
    const results = new Map<Job, Performed>()
    const alerts = await sensor.observe(bearer, async () => {
      await inLanes(jobs, lanes, async (job) => {
        results.set(job, await performScript(lab, roots, job.tried, job.kind))
      })
    })
    // Says so when it lost events: what was not told then proves nothing.
    await sensor.stop().catch((error: unknown) => console.error(String(error)))
    return chosen.map((tried) => outcomeOf(tried, jobs, results, alerts))
  } finally {
    await closeLab(lab)
  }
}

function outcomeOf(
  tried: Tried,
  jobs: readonly Job[],
  results: ReadonlyMap<Job, Performed>,
  alerts: readonly Alert[],
): Outcome {
  const of = (kind: Job['kind']): Outcome['attack'] | undefined => {
    const job = jobs.find((each) => each.tried === tried && each.kind === kind)
    const performed = job && results.get(job)
    if (performed === undefined) return undefined
    const isIts = (alert: Alert): boolean =>
      alert.output_fields['container.id'] === performed.container
    return { ...performed, alerts: alerts.filter(isIts) }
  }
  const attack = of('attack')
  if (attack === undefined) throw new Error(`${tried.id} was not performed`)
  return { tried, attack, twin: of('twin') }
}

/** Runs all jobs, at most `lanes` at a time. */
async function inLanes<T>(
  jobs: readonly T[],
  lanes: number,
  run: (job: T) => Promise<void>,
): Promise<void> {
  const waiting = [...jobs]
  const lane = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await run(job)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

async function closeLab(lab: Lab): Promise<void> {
  try {
    await lab.close()
  } catch (error) {
    console.error(String(error))
    process.exitCode = 1
  }
}

process.exitCode = (await main()) || process.exitCode
