/** `bulwark replay`: rules over a capture file; the same alerts as when it was recorded. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Replayed } from '@bulwark/agent'
import { CaptureError, activeRules, replay } from '@bulwark/agent'
import type { PolicyLoad, Rule } from '@bulwark/policy'
import { reasonOf } from '@bulwark/schema'
import { exitCodes } from './exit.ts'
import { addFlags, configure, givenByFlags } from './config/flags.ts'
import { faultText } from './config/read.ts'
import { judgeOf } from './graph/judge.ts'
import type { Settings } from './config/settings.ts'
import { chooseRules, log, logError, reportRules, unwritten, writer } from './report.ts'

export const replayCommand = (): Command =>
  addFlags(
    new Command('replay')
      .description('run rules over a capture file: one line an alert on stdout')
      .argument('[file]', 'a capture file of `bulwark record`')
      .option('--demo', 'the recorded attack session that comes with Bulwark'),
    ({ about }) => about === 'alerts',
  )
    .addHelpText(
      'after',
      `
Exit code 1: a part of the capture is damaged, or a file of rules or a policy is faulty; what could
be read was replayed.

Examples:
  bulwark replay night.bulwark --rules falco_rules.yaml -o json
  bulwark replay --demo`,
    )
    .action(async (file: string | undefined, _: unknown, command: Command) => {
      const configured = configure(undefined, givenByFlags(command))
      if ('faults' in configured) {
        for (const fault of configured.faults) log(faultText(fault))
        process.exitCode = exitCodes.usage
        return
      }
      const { demo } = command.opts<{ readonly demo?: boolean }>()
      if (demo === true && file !== undefined) {
        logError(`${file} and --demo: only one can be replayed`, 'leave one of them out')
        process.exitCode = exitCodes.usage
        return
      }
      process.exitCode = await replayFile(demo === true ? demoCapture() : file, configured.settings)
    })

/** The recorded attack session, beside the program. */
const demoCapture = (): string => {
  const places = ['rules/attacks.bulwark', '../rules/attacks.bulwark']
  const paths = places.map((place) => join(import.meta.dirname, place))
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? ''
}

const replayFile = async (path: string | undefined, options: Settings): Promise<number> => {
  if (path === undefined) {
    logError('no capture file', 'give one, or --demo')
    return exitCodes.usage
  }
  const chosen = chooseRules(options)
  if (!chosen) return exitCodes.usage
  return await replayRules(path, options, chosen.rules, chosen.loaded)
}

/** Replays the session that comes with Bulwark. Returns the exit code. */
export const replayDemo = (
  options: Settings,
  rules: readonly Rule[],
  loaded: PolicyLoad,
): Promise<number> => replayRules(demoCapture(), options, rules, loaded)

const readBytes = 1024 * 1024
const noCapture = 'give a file of `bulwark record`, or --demo'

const replayRules = async (
  path: string,
  options: Settings,
  rules: readonly Rule[],
  loaded: PolicyLoad,
): Promise<number> => {
  const judging = await judgeOf(options)
  if (!judging) return exitCodes.usage
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    logError(`cannot read ${path}: ${reasonOf(error, path)}`, noCapture)
    return exitCodes.usage
  }
  judging.takePolicies(loaded.policies)
  reportRules(loaded, activeRules(rules))
  const buffer = Buffer.alloc(readBytes)
  const write = writer(options.outputs)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stop.abort(signal))
  }
  let full: Error | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') full ??= error
    stop.abort('nobody reads its alerts')
  })
  let alerts = 0
  try {
    const replayed = await replay({
      source: (bytesMax) =>
        buffer.subarray(0, readSync(fd, buffer, 0, Math.min(bytesMax, readBytes), null)),
      rules,
      matching: options.matching,
      folding: options.folding,
      onAlert: (alert) => {
        alerts++
        judging.judge(alert).forEach(write)
      },
      log,
      signal: stop.signal,
    })
    await flushed()
    const code = reportReplay(replayed, alerts, stop.signal)
    if (!full) return isFaulty(loaded) ? exitCodes.fault : code
    logError(unwritten(full), 'give it room, and replay it again')
    return exitCodes.cannot
  } catch (error) {
    if (error instanceof CaptureError) logError(`${path}: ${error.message}`, error.help)
    else logError(`cannot replay ${path}: ${reasonOf(error, path)}`, noCapture)
    return error instanceof CaptureError ? exitCodes.fault : exitCodes.usage
  } finally {
    closeSync(fd)
  }
}

/** Resolves when stdout has what was written, or has said that it will not. */
const flushed = (): Promise<unknown> => new Promise((resolve) => process.stdout.write('', resolve))

/** Whether `rules check` or `policy check` would find a fault. */
const isFaulty = ({ files: { files }, policies }: PolicyLoad): boolean =>
  files.some(({ successful }) => !successful) || policies.some(({ isDisabled }) => isDisabled)

/** The last words, warnings first. */
const reportReplay = (found: Replayed, alerts: number, stop: AbortSignal): number => {
  const { events, seconds, head, whole, damages, missingRecords } = found
  if (!whole && !stop.aborted) {
    log('warning: the capture has no end: it was replayed up to its last whole block')
  }
  const parts = [
    [damages, 'damaged parts'],
    [missingRecords, 'events missing with them'],
    [found.badRecords, 'records that could not be read'],
    [found.unknownRecords, 'records of kinds not known here'],
    [found.lostNotes, 'notes that could not be read'],
  ] as const
  for (const [count, what] of parts) if (count > 0) log(`warning: ${count} ${what}`)
  const rate = Math.round(events / seconds)
  const stopped = stop.aborted ? `; stopped: ${String(stop.reason)}` : ''
  log(
    `replayed ${events} events of ${head.hostname} in ${seconds.toFixed(2)} s ` +
      `(${rate} events/s): ${alerts} alerts${stopped}`,
  )
  return damages > 0 || found.lostNotes > 0 ? exitCodes.fault : exitCodes.done
}
