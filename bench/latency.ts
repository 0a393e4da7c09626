/**
 * How long an alert takes: from an exec, by the kernel's time stamp, to its line on the pipe; and
 * from before the program was started. Back to back, and after pauses in which the sensor sleeps.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { printSpread } from './measure/figures.ts'
import { shownPath, stableRules } from './measure/official.ts'
import type { Sample } from './measure/watcher.ts'
import { Watcher } from './measure/watcher.ts'

const busyCount = 200
const idleCount = 30
const idleMs = 300
const warmUpCount = 20

const ms = (ns: bigint): number => Number(ns) / 1e6

const print = (when: string, samples: readonly Sample[]): void => {
  const fromEvent = samples.map(({ eventNs, arrivedNs }) => ms(arrivedNs - eventNs))
  const fromStart = samples.map(({ toldNs, arrivedNs }) => ms(arrivedNs - toldNs))
  printSpread(`exec to alert line, ${when}`, fromEvent, 'ms')
  printSpread(`start of the program to alert line, ${when}`, fromStart, 'ms')
}

const measure = async (): Promise<void> => {
  const watcher = await Watcher.start([stableRules])
  try {
    console.log(`the sensor: ${watcher.command}`)
    for (let i = 0; i < warmUpCount; i++) await watcher.once()
    const busy: Sample[] = []
    for (let i = 0; i < busyCount; i++) busy.push(await watcher.once())
    print('back to back', busy)
    const idle: Sample[] = []
    for (let i = 0; i < idleCount; i++) {
      await pause(idleMs)
      idle.push(await watcher.once())
    }
    print(`after ${idleMs} ms of nothing`, idle)
  } finally {
    await watcher.stop()
  }
}

if (process.getuid?.() === 0) await measure()
else console.log(`latency with ${shownPath(stableRules)}: not measured, this is not root`)
