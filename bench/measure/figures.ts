/**
 * How benchmarks print what they measured: one line a figure, its unit after it. The same goes, as
 * JSON, to the file that BENCH_FIGURES names, from which baseline.ts makes a baseline.
 */
import { appendFileSync } from 'node:fs'

/** One figure, as it stands in a baseline. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly note?: string
}

const keep = (figure: Figure): void => {
  const file = process.env['BENCH_FIGURES']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`)
}

/** The value that a part of all values does not exceed: 0.5 for the median. */
export const percentile = (values: readonly number[], part: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN
}

/** Three digits that mean something. */
const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString()

/** `what: 1.23 ms (note)`. */
export const printFigure = (what: string, value: number, unit: string, note?: string): void => {
  keep({ what, value: Number(digits(value)), unit, ...(note !== undefined && { note }) })
  console.log(`${what}: ${digits(value)} ${unit}${note === undefined ? '' : ` (${note})`}`)
}

/** The median and the 99th of 100 values, one line. */
export const printSpread = (what: string, values: readonly number[], unit: string): void => {
  const p50 = digits(percentile(values, 0.5))
  const p99 = digits(percentile(values, 0.99))
  keep({ what: `${what}, p50`, value: Number(p50), unit })
  keep({ what: `${what}, p99`, value: Number(p99), unit })
  console.log(`${what}: p50 ${p50} ${unit}, p99 ${p99} ${unit} (${values.length} samples)`)
}

/**
 * Nanoseconds that one call of `work` takes: the median of many rounds, after some to warm up.
 *
 * @param work  does it `times` times
 */
export const nsPerCall = (work: (times: number) => void, msMax = 1_000): number => {
  const rounds: number[] = []
  const round = (times: number): number => {
    const start = process.hrtime.bigint()
    work(times)
    return Number(process.hrtime.bigint() - start)
  }
  let times = 1
  while (round(times) < 5e6) times *= 2
  const deadline = performance.now() + msMax
  while (performance.now() < deadline) rounds.push(round(times) / times)
  return percentile(rounds, 0.5)
}
