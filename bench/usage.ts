/**
 * What it costs to hear which files run in containers: loops in a real container, with that off and
 * on, by turns, in pairs; ratios of one run, since machines are noisy. Beside them what the kernel
 * says of the programs (`kernel.bpf_stats_enabled`, which is as before afterwards), a turn.
 *
 *   node bench/usage.ts [--quick] [--backend tracepoint|security]
 */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { percentile, printFigure } from './measure/figures.ts'
import { buildLoops } from './measure/loops.ts'
import { root, stableRules } from './measure/official.ts'
import { runsDuring, withStatistics } from './measure/programs.ts'
import { Sensor } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const pairCount = quick ? 1 : 3
const backendAt = process.argv.indexOf('--backend')
const backend = backendAt < 0 ? 'auto' : (process.argv[backendAt + 1] ?? 'auto')

const loops = {
  open: { turns: 200_000, what: 'open+read+close' },
  map: { turns: 300_000, what: 'mmap+munmap of memory' },
  load: { turns: 100_000, what: 'open+mmap+munmap+close of code' },
  exec: { turns: 6_000, what: 'fork+exec' },
} as const
type Name = keyof typeof loops
const names = Object.keys(loops) as readonly Name[]

const cluster = join(root, 'tests/clusters/shop')
const argsOf = (isOn: boolean): readonly string[] => [
  '--rules',
  stableRules,
  '--backend',
  backend,
  '--from-files',
  cluster,
  ...(isOn ? [] : ['--no-files-in-use']),
]

/** Seconds of the processor and of the clock, a turn. */
interface Turn {
  readonly wallNs: number
  readonly kernelNs: number
}

const program = '/bin/loops'

const runLoop = async (container: Container, name: Name, turns: number): Promise<number> => {
  const { code, stdout, stderr } = await container.exec([program, name, String(turns)], {
    timeoutMs: 120_000,
  })
  if (code !== 0) throw new Error(`${name}: ${stdout} ${stderr}`)
  const { wall_s: seconds = NaN } = JSON.parse(stdout) as { readonly wall_s?: number }
  return (1e9 * seconds) / turns
}

/** One sensor, all loops. */
const measure = async (
  isOn: boolean,
  container: Container,
): Promise<Readonly<Record<Name, Turn>>> => {
  const sensor = await Sensor.start(argsOf(isOn))
  try {
    const found: [Name, Turn][] = []
    for (const name of names) {
      const turns = loops[name].turns / (quick ? 10 : 1)
      const wallNs = await runLoop(container, name, turns)
      // Counted apart, since counting takes time; without what the runtime does to begin.
      const [none, all] = await withStatistics(async () => [
        await runsDuring(sensor.pid, () => runLoop(container, name, 0)),
        await runsDuring(sensor.pid, () => runLoop(container, name, turns)),
      ])
      const runNs = (all?.runNs ?? NaN) - (none?.runNs ?? NaN)
      found.push([name, { wallNs, kernelNs: runNs / turns }])
    }
    return Object.fromEntries(found) as Record<Name, Turn>
  } finally {
    await sensor.stop()
  }
}

const lab = await openLab()
try {
  const container = await lab.createContainer({ files: { '/etc/hostname': 'shop' } })
  copyFileSync(buildLoops(), join(`/proc/${container.pid}/root`, program))
  const pairs: (readonly [off: Readonly<Record<Name, Turn>>, on: Readonly<Record<Name, Turn>>])[] =
    []
  for (let pair = 0; pair < pairCount; pair++) {
    pairs.push([await measure(false, container), await measure(true, container)])
  }
  const middle = (values: readonly number[]): number => percentile(values, 0.5)
  for (const name of names) {
    const ratios = pairs.map(([off, on]) => on[name].wallNs / off[name].wallNs)
    const spread = [Math.min(...ratios), Math.max(...ratios)].map((each) => each.toFixed(2))
    const { what } = loops[name]
    printFigure(
      `${what}, files in use heard of`,
      middle(ratios),
      'x',
      `pairs ${spread.join(' to ')}`,
    )
    const [off, on] = [0, 1].map((side) =>
      middle(pairs.map((pair) => pair[side as 0 | 1][name].kernelNs)),
    )
    printFigure(`kernel time of ${what}, off`, off ?? NaN, 'ns')
    printFigure(`kernel time of ${what}, on`, on ?? NaN, 'ns')
  }
} finally {
  await lab.close()
}
