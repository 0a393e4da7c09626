/**
 * `bulwark demo`: the same shell in two real containers, one the pod of an exposed web shop and
 * one a developer's, and what the cluster's graph makes of the two alerts.
 */
import type { Alert } from '@bulwark/agent'
import { alertJson } from '@bulwark/agent'
import type { Machine } from '@bulwark/schema'
import { configure } from '../config/flags.ts'
import type { Settings } from '../config/settings.ts'
import { exitCodes } from '../exit.ts'
import { judgeOf } from '../graph/judge.ts'
import { printLines } from '../graph/output.ts'
import { podOriginOf } from '../kubernetes.ts'
import type { ChosenRules } from '../report.ts'
import { print } from '../print.ts'
import { chooseRules, explain, log, logError } from '../report.ts'
import { besideProgram, probe, watch } from '../watch.ts'
import type { DemoPod } from './bundle.ts'
import type { DemoContainer } from './containers.ts'
import { DemoContainers, DemoError, findTools } from './containers.ts'
import type { Tools } from './containers.ts'
import type { Act } from './story.ts'
import { acts, endText, introduction, podsOf, verdictLines } from './story.ts'

/** What the command line says of it. */
export interface DemoOptions {
  readonly output: 'text' | 'json'
}

/** How long both alerts are waited for, milliseconds. */
const alertMsMax = 20_000

/** Why it ends when nothing is wrong. */
const isOver = 'the demo is over'

const demoRule = 'Interactive shell in container'

/** The settings of a run that takes its cluster from the demo's folder. */
const demoSettings = (): Settings | undefined => {
  const place = { file: 'the demo', line: 1, column: 1 }
  const flags = new Map([
    ['from_files', { value: besideProgram('demo/cluster'), place }],
    ['severity', { value: [besideProgram('demo/severity.yaml')], place }],
    ['cri', { value: false, place }],
  ])
  const configured = configure(undefined, flags)
  return 'settings' in configured ? configured.settings : undefined
}

/** Alerts of containers as they come. */
class Alerts {
  readonly #byContainer = new Map<string, Alert>()
  #heard: () => void = () => {}

  take(alert: Alert): void {
    const { containerId } = alert.bulwark
    if (alert.rule !== demoRule || containerId === undefined) return
    this.#byContainer.set(containerId, alert)
    this.#heard()
  }

  /** The alert of a container; `undefined` when none comes in time, or it is stopped. */
  async of({ id }: DemoContainer, stop: AbortSignal): Promise<Alert | undefined> {
    const late = AbortSignal.any([stop, AbortSignal.timeout(alertMsMax)])
    for (;;) {
      const found = [...this.#byContainer].find(([of]) => id.startsWith(of))?.[1]
      if (found || late.aborted) return found
      await new Promise<void>((resolve) => {
        this.#heard = resolve
        late.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
}

interface Stage {
  readonly settings: Settings
  readonly chosen: ChosenRules
  readonly machine: Machine
  readonly tools: Tools
}

/** What an act is performed with. */
interface Performance {
  readonly containers: DemoContainers
  readonly alerts: Alerts
  readonly options: DemoOptions
  readonly stop: AbortSignal
}

/** Performs an act, and tells what came of it. Resolves with whether an alert came. */
const perform = async (act: Act, pod: DemoPod, performance: Performance): Promise<boolean> => {
  const { containers, alerts, options, stop } = performance
  const isText = options.output === 'text'
  const container = await containers.start(pod)
  if (isText) printLines(['', ...act.text])
  const { code, output: said } = await containers.exec(container, act.argv)
  if (code !== 0) throw new DemoError(`the shell did not run: ${said.trim()}`)
  const alert = await alerts.of(container, stop)
  if (!alert) {
    if (!stop.aborted) log(`error: no alert came of ${pod.namespace}/${pod.name}`)
    return false
  }
  if (isText) printLines(verdictLines(alert))
  else print(alertJson(alert))
  return true
}

const performAll = async (performance: Performance): Promise<boolean> => {
  const isText = performance.options.output === 'text'
  if (isText) printLines(introduction)
  const pods = podsOf(besideProgram('demo/cluster'))
  let all = true
  for (const act of acts) {
    if (performance.stop.aborted) return false
    const pod = pods.get(act.pod)
    if (!pod) throw new DemoError(`the demo's cluster has no pod ${act.pod}: build it again`)
    all = (await perform(act, pod, performance)) && all
  }
  if (isText) printLines(endText)
  return all
}

const play = async (stage: Stage, options: DemoOptions): Promise<number> => {
  const { settings, chosen, machine, tools } = stage
  const [pods, judging] = [await podOriginOf(settings), await judgeOf(settings)]
  if (!pods || !judging) return exitCodes.fault
  const alerts = new Alerts()
  const containers = await DemoContainers.open(tools)
  const stop = new AbortController()
  const { promise: over, resolve: end } = Promise.withResolvers<string>()
  let code: number = exitCodes.fault
  let performed: Promise<void> = Promise.resolve()
  const begin = (): void => {
    performed = performAll({ containers, alerts, options, stop: stop.signal })
      .then((all) => void (code = all ? exitCodes.done : exitCodes.fault))
      .catch((error: unknown) => logError(error instanceof Error ? error.message : String(error)))
      .finally(() => end(isOver))
  }
  try {
    const { failed, reason } = await watch(
      {
        rules: chosen.rules.filter(({ name }) => name === demoRule),
        matching: settings.matching,
        hostname: settings.hostname,
        onAlert: (alert) => judging.judge(alert).forEach((each) => alerts.take(each)),
        pods: pods.origin,
      },
      machine,
      settings,
      begin,
      over,
    )
    if (reason !== isOver) log(`ended (${reason})`)
    return failed || reason !== isOver ? exitCodes.fault : code
  } finally {
    // Not while something is being started: it would be left behind.
    stop.abort()
    await performed
    await containers.close()
  }
}

/** Plays it. Resolves with the exit code. */
export const demo = async (options: DemoOptions): Promise<number> => {
  const settings = demoSettings()
  const chosen = settings && chooseRules(settings)
  if (!settings || !chosen) return exitCodes.fault
  let tools: Tools
  try {
    tools = findTools()
  } catch (error) {
    if (!(error instanceof DemoError)) throw error
    log('error: the demo cannot run here: what is missing:')
    for (const line of error.message.split('\n')) log(`  ${line}`)
    log('  help: `bulwark graph --help` and `bulwark replay --demo` need none of it')
    return exitCodes.cannot
  }
  const found = probe(settings)
  if ('lack' in found) return exitCodes.cannot
  try {
    return await play({ settings, chosen, machine: found.machine, tools }, options)
  } catch (error) {
    explain(error)
    return exitCodes.cannot
  }
}
