/**
 * `make baseline`: runs every benchmark and writes bench/baseline.json, what each figure is on this
 * machine, by the command that measured it. A later change is held against it with `make bench` on
 * the same machine; figures of different machines do not compare.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Figure } from './measure/figures.ts'

const folder = import.meta.dirname
const benchMsMax = 1_800_000

/** All of this folder but what nothing measures. */
const benchmarks = globSync('*.ts', { cwd: folder })
  .filter((name) => !['baseline.ts', 'index.ts'].includes(name) && !name.endsWith('.test.ts'))
  .sort()

const figuresOf = (file: string): readonly Figure[] => {
  const scratch = mkdtempSync(join(tmpdir(), 'bulwark-baseline-'))
  const figures = join(scratch, 'figures')
  writeFileSync(figures, '')
  try {
    const { status } = spawnSync(process.execPath, [join(folder, file)], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, BENCH_FIGURES: figures },
      timeout: benchMsMax,
    })
    if (status !== 0) throw new Error(`${file} ended with ${status}; no baseline is written`)
    const lines = readFileSync(figures, 'utf8').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Figure)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const [processor] = cpus()
const machine = {
  processor: processor?.model ?? 'unknown',
  cores: cpus().length,
  memoryGib: Math.round(totalmem() / 2 ** 30),
  kernel: `${release()} ${process.arch}`,
  node: process.versions.node,
}

const commands = benchmarks.map((file) => {
  console.log(`# bench/${file}`)
  return { command: `node bench/${file}`, figures: figuresOf(file) }
})
const day = new Date().toISOString().slice(0, 10)
writeFileSync(
  join(folder, 'baseline.json'),
  `${JSON.stringify({ day, machine, commands }, undefined, 2)}\n`,
)
console.log('wrote bench/baseline.json')
