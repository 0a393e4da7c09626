/**
 * A whole agent in this process, with one rule that every exec and open matches: what a rule can
 * know of an event. As with the recorder, a bell says that all was told.
 */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { otherEventNames, syscallNames } from '@bulwark/schema'
import type { PrintedValue, Rule } from '@bulwark/policy'
import { loadRuleFiles, schemaCatalog } from '@bulwark/policy'
import type { Counters, KernelCounters, PodOrigin } from '@bulwark/agent'
import { Agent } from '@bulwark/agent'
import { machineOf } from './inner.ts'
import { chosen, readObject } from './recorder.ts'

/** What is printed of each event, by name of the field. */
const shown = [
  'evt.type',
  'fd.name',
  'proc.pid',
  'proc.vpid',
  'proc.name',
  'proc.pname',
  'proc.aname[2]',
  'proc.aname[3]',
  'proc.exepath',
  'proc.args',
  'proc.cwd',
  'container.id',
  'container.name',
  'container.image.id',
  'container.image.digest',
  'container.labels',
  'container.mount.dest[/etc]',
  'container.image.repository',
  'container.image.tag',
  'container.role',
  'container.host_pid',
  'container.host_network',
  'k8s.pod.name',
  'k8s.ns.name',
  'k8s.pod.uid',
  'k8s.pod.labels',
  'k8s.pod.label[app]',
  'k8s.pod.full_sandbox_id',
  'k8s.workload.kind',
  'k8s.workload.name',
  'k8s.sa.name',
  'k8smeta.ns.label[env]',
] as const

/** The printed fields of one event. */
export type Seen = ReadonlyMap<string, PrintedValue>

const rule = `
- rule: anything
  desc: matches every event of its types
  condition: evt.type in (execve, execveat, openat)
  output: "${shown.map((field) => `%${field}`).join(' ')}"
  priority: INFO
`

/** Rules of a text, none of which has a fault. */
export const loadRules = (text: string): readonly Rule[] => {
  const { rules, files } = loadRuleFiles([{ name: 'anything', text }], {
    catalog: schemaCatalog,
    eventNames: [...syscallNames, ...otherEventNames],
    sources: new Set(['syscall']),
    suggestedOutput: [],
  })
  const isSound = rules.length > 0 && rules.every(({ disabledBy }) => disabledBy.length === 0)
  if (!isSound) throw new Error(JSON.stringify(files))
  return rules
}

const bellMsMax = 60_000

export class Watcher {
  readonly #seen: Seen[] = []
  #agent: Agent | undefined
  #bell: { readonly text: string; readonly ring: () => void } | undefined
  #fault: unknown

  private constructor() {}

  /** What the agent said. */
  readonly log: string[] = []

  /**
   * Resolves when the agent watches.
   *
   * @param more        further rules, as YAML
   * @param criSockets  where it looks for container runtimes
   * @param pods        from where it knows pods beside
   */
  static async start(
    more = '',
    criSockets: readonly string[] = [],
    pods?: PodOrigin,
  ): Promise<Watcher> {
    const machine = machineOf(process.arch)
    if (machine === undefined) throw new Error(`no hook knows this machine, ${process.arch}`)
    const watcher = new Watcher()
    watcher.#agent = await Agent.start({
      object: readObject(),
      backend: chosen,
      machine,
      rules: loadRules(rule + more),
      matching: 'all',
      onAlert: ({ outputFields }) => watcher.#add(outputFields),
      log: (line) => watcher.log.push(line),
      criSockets,
      pods,
      onFault: (error) => (watcher.#fault = error),
    })
    await watcher.#agent.filtersInPlace
    return watcher
  }

  #add(seen: Seen): void {
    this.#seen.push(seen)
    const text = seen.get('proc.args')
    if (this.#bell && typeof text === 'string' && text.includes(this.#bell.text)) this.#bell.ring()
  }

  /** Does something; returns what was seen of the machine meanwhile. */
  async observe(act: () => Promise<unknown>): Promise<readonly Seen[]> {
    this.#seen.length = 0
    await act()
    const text = randomUUID()
    await new Promise<void>((ring, reject) => {
      const late = (): void =>
        reject(new Error(`no bell within ${bellMsMax} ms: ${String(this.#fault)}`))
      const timer = setTimeout(late, bellMsMax)
      this.#bell = {
        text,
        ring: () => {
          clearTimeout(timer)
          ring()
        },
      }
      spawnSync('/bin/true', [text])
    })
    return [...this.#seen]
  }

  /** What the agent counted so far. */
  get counters(): Counters {
    if (!this.#agent) throw new Error('the agent has not started')
    return this.#agent.counters
  }

  /** What the kernel side counted until a second ago, by place. */
  get lost(): KernelCounters {
    return this.#agent?.lost ?? {}
  }

  close(): void {
    this.#agent?.close()
  }
}
