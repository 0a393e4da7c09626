/**
 * `bulwark policy status`: says of each policy of a cluster whether it holds, of RuntimePolicies
 * as what they act, in its `status`, once or whenever one changes. One writer for all agents and
 * servers: see docs/adr.
 */
import { isDeepStrictEqual } from 'node:util'
import { Command } from 'commander'
import { limits, policiesPath, readPolicyText } from '@bulwark/agent'
import { readSeverityPolicies } from '@bulwark/graph'
import type { ApiAccess, Following } from '@bulwark/kubernetes'
import { AccessError, ApiAsker, ApiClient, ApiFault, follow } from '@bulwark/kubernetes'
import type { PolicyCondition } from '@bulwark/policy'
import { acceptedStatus, policyStatus } from '@bulwark/policy'
import {
  policyApiVersion,
  policyGroup,
  policyKind,
  policyPlural,
  severityPolicyKind,
  severityPolicyPlural,
} from '@bulwark/schema'
import { severityPoliciesPath } from '@bulwark/server'
import { usualStateFolder } from './config/settings.ts'
import { exitCodes } from './exit.ts'
import { keptLines } from './kept-policies.ts'
import { accessOf } from './kubernetes.ts'
import type { RuleText } from './load-rules.ts'
import { loadPolicyTexts, readRuleFiles } from './load-rules.ts'
import { print } from './print.ts'
import { Quiet } from './quiet.ts'
import { again, ending, log, logError } from './report.ts'

interface StatusOptions {
  readonly kubeconfig: string
  readonly rules: readonly string[]
  readonly stateDir: string
  readonly dryRun?: boolean
  readonly watch?: boolean
}

type Json = Readonly<Record<string, unknown>>

/** A policy as the server has it. */
interface Known {
  readonly name: string
  readonly object: Json
  readonly generation: number
  readonly resourceVersion: string
  readonly status: Json
}

/** What is to be said of a policy: in its status, and on the terminal. */
interface Said {
  readonly known: Known
  readonly status: object
  readonly words: string
}

/** A kind of policies: where they are, and what becomes of them. */
interface Kind {
  readonly kind: string
  readonly plural: string
  readonly path: string
  readonly judge: (all: readonly Known[], now: string) => readonly Said[]
}

const objectIn = (from: Json, key: string): Json => {
  const value = from[key]
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

const knownOf = (object: Json): readonly Known[] => {
  const { name, generation, resourceVersion } = objectIn(object, 'metadata')
  if (typeof name !== 'string' || typeof resourceVersion !== 'string') return []
  const status = objectIn(object, 'status')
  return [{ name, object, generation: Number(generation ?? 0), resourceVersion, status }]
}

const conditionsOf = ({ status }: Known): readonly PolicyCondition[] => {
  const conditions = status['conditions']
  return Array.isArray(conditions) ? (conditions as readonly PolicyCondition[]) : []
}

/** @param rules  those that agents run with */
const runtimePolicies = (rules: readonly RuleText[]): Kind => ({
  kind: policyKind,
  plural: policyPlural,
  path: policiesPath,
  judge: (all, now) => {
    const texts = all.map(({ object }) => readPolicyText(object, () => {}))
    const { policies } = loadPolicyTexts(
      rules,
      texts.flatMap((text) => text ?? []),
    )
    const files = new Map(policies.map((policy) => [policy.place.file, policy]))
    return all.flatMap((known, index): readonly Said[] => {
      const policy = files.get(texts[index]?.name ?? '')
      if (!policy) return []
      const status = policyStatus(policy, known.generation, conditionsOf(known), now)
      return [{ known, status, words: status.actsAs === null ? 'Invalid' : 'acts as audit' }]
    })
  },
})

const severityPolicies: Kind = {
  kind: severityPolicyKind,
  plural: severityPolicyPlural,
  path: severityPoliciesPath,
  judge: (all, now) =>
    all.map((known) => {
      const { name, object, generation } = known
      const { apiVersion = policyApiVersion, kind = severityPolicyKind, spec } = object
      const value = { apiVersion, kind, metadata: { name }, spec }
      const { faults } = readSeverityPolicies([{ name, value }])
      const errors = faults.map(({ path, message }) => `${path} ${message}`.trimStart())
      const status = acceptedStatus(errors, 'it holds', generation, conditionsOf(known), now)
      return { known, status, words: errors.length > 0 ? 'Invalid' : 'holds' }
    }),
}

/** What would be written; `undefined` when that is there already. */
const changeOf = ({ known, status }: Said): string | undefined => {
  // A merge patch takes away what is null.
  const wanted = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null))
  if (isDeepStrictEqual(known.status, wanted)) return undefined
  const { resourceVersion } = known
  return JSON.stringify({ metadata: { resourceVersion }, status })
}

/** How often all is looked at again, because some have changed while they were judged. */
const roundsMax = 3
const conflict = 409
const notFound = 404
/** How often a status that could not be written is tried again, milliseconds. */
const againMs = 30_000

/** Judges policies, and writes what is not there. */
class StatusWriter {
  readonly #asker: ApiAsker
  readonly #isDry: boolean
  readonly #onlyNews: boolean
  /** What was said of each last. */
  readonly #told = new Map<string, string>()

  /** @param options  `watch`: of what is as it was when it was looked at last nothing is printed */
  constructor(asker: ApiAsker, { dryRun = false, watch = false }: StatusOptions) {
    this.#asker = asker
    this.#isDry = dryRun
    this.#onlyNews = watch
  }

  /**
   * Judges all of a kind.
   *
   * @returns how many could not be written
   * @throws ApiFault  they cannot be listed
   */
  async write(kind: Kind, round = 1): Promise<number> {
    const all = (await this.#asker.list(kind.path)).flatMap(knownOf)
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
    let unwritten = 0
    let stale = 0
    for (const said of kind.judge(all, now)) {
      const { name } = said.known
      try {
        await this.#say(kind, said)
      } catch (error) {
        if (!(error instanceof ApiFault)) throw error
        if (error.status === conflict && round < roundsMax) stale++
        else {
          unwritten++
          logError(`cannot write the status of ${name}: ${error.message}`)
        }
      }
    }
    if (stale === 0) return unwritten
    return unwritten + (await this.write(kind, round + 1))
  }

  async #say(kind: Kind, said: Said): Promise<void> {
    const text = changeOf(said)
    const { name } = said.known
    const line = `${name}: ${said.words}`
    if (text !== undefined && !this.#isDry) {
      const path = `${kind.path}/${encodeURIComponent(name)}/status`
      await this.#asker.ask(path, { method: 'PATCH', type: 'application/merge-patch+json', text })
    }
    const key = `${kind.plural}/${name}`
    const isOld = this.#onlyNews && text === undefined && this.#told.get(key) === line
    this.#told.set(key, line)
    if (isOld) return
    print(text === undefined ? line : `${line}${this.#isDry ? ' (to be said)' : ' (said now)'}`)
  }
}

/** A cluster may have one definition of `deploy/crds` alone. */
const ifUnknown = (error: unknown): number => {
  if (!(error instanceof ApiFault) || error.status !== notFound) throw error
  logError(`the API server knows no ${severityPolicyPlural}`, 'apply deploy/crds to have them')
  return 0
}

/** What of a policy makes it be judged again. */
interface Seen {
  readonly name: string
  readonly generation: number
  readonly status: string
}

/** Told when there may be something to say; what is not known of the server is said meanwhile. */
const followKind = (client: ApiClient, kind: Kind, onChange: () => void): Following =>
  follow<Seen>(
    client,
    {
      what: kind.plural,
      kind: kind.kind,
      apiVersion: policyApiVersion,
      resource: `${kind.plural}.${policyGroup}`,
      absent: `the API server knows no ${kind.plural} (deploy/crds), and is asked now and again`,
      path: kind.path,
      query: {},
      valuesMax: limits.policiesMax,
      read: (object) => {
        const [known] = knownOf(object)
        const status = JSON.stringify(known?.status)
        return known && { name: known.name, generation: known.generation, status }
      },
      keyOf: ({ name }) => name,
      tell: onChange,
    },
    { log, count: () => {} },
  )

/** Judges again when one has changed, and what could not be written now and again. */
const watchAll = async (
  access: ApiAccess,
  kinds: readonly Kind[],
  writer: StatusWriter,
): Promise<void> => {
  const client = new ApiClient(access)
  /** What has changed, and what could not be written, by kind. */
  const due = new Map<Kind, 'changed' | 'again'>()
  let busy: Promise<void> | undefined
  const work = async (): Promise<void> => {
    for (;;) {
      const [kind] = [...due].find(([, why]) => why === 'changed') ?? []
      if (!kind) return
      due.delete(kind)
      const unwritten = await writer.write(kind).catch((error: unknown) => {
        logError(`cannot list ${kind.plural}: ${messageOf(error)}`)
        return 1
      })
      if (unwritten > 0 && !due.has(kind)) due.set(kind, 'again')
    }
  }
  const begin = (): void => {
    busy ??= work().finally(() => (busy = undefined))
  }
  const quiet = new Quiet(begin)
  // It also holds the process while no connection does.
  const timer = setInterval(() => {
    for (const kind of due.keys()) due.set(kind, 'changed')
    begin()
  }, againMs)
  const following = kinds.map((kind) =>
    followKind(client, kind, () => {
      due.set(kind, 'changed')
      quiet.touch()
    }),
  )
  await ending()
  for (const each of following) each.stop()
  quiet.stop()
  clearInterval(timer)
  client.close()
  await busy
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** What the agent of this node would go on with, beside what the cluster says. */
const tellKept = async (folder: string, asker: ApiAsker): Promise<void> => {
  const objects = await asker.list(policiesPath).catch(() => undefined)
  const texts = objects?.flatMap((object) => readPolicyText(object, () => {}) ?? [])
  for (const line of keptLines(folder, texts)) print(line)
}

const status = async (options: StatusOptions): Promise<void> => {
  const rules = readRuleFiles(options.rules)
  if ('message' in rules) {
    logError(rules.message, rules.help)
    process.exitCode = exitCodes.usage
    return
  }
  let asker: ApiAsker | undefined
  try {
    const access = accessOf(options.kubeconfig)
    asker = new ApiAsker(access)
    const writer = new StatusWriter(asker, options)
    const own = runtimePolicies(rules)
    if (options.watch === true) return await watchAll(access, [own, severityPolicies], writer)
    const unwritten = await writer.write(own)
    const more = await writer.write(severityPolicies).catch(ifUnknown)
    process.exitCode = unwritten + more > 0 ? exitCodes.fault : exitCodes.done
  } catch (error) {
    if (!(error instanceof AccessError) && !(error instanceof ApiFault)) throw error
    logError(`cannot ask ${options.kubeconfig}: ${error.message}`, 'see docs/policies.md')
    process.exitCode = error instanceof AccessError ? exitCodes.usage : exitCodes.fault
  } finally {
    if (asker && options.watch !== true) await tellKept(options.stateDir, asker)
    asker?.close()
  }
}

/** `policy status`. */
export const policyStatusCommand = (): Command =>
  new Command('status')
    .description('write into each policy of a cluster whether it holds, and as what it acts')
    .requiredOption('--kubeconfig <file>', 'of the API server; `in-cluster`: as the pod it runs in')
    .addOption(
      again(
        '--rules <path>',
        'rule files that agents run with, whose macros policies use',
        "Bulwark's own",
      ),
    )
    .option('--dry-run', 'say it, and write nothing')
    .option('--watch', 'go on: judge a policy again when it changes, until a signal ends it')
    .option(
      '--state-dir <folder>',
      'also say what the agent of this node keeps there over a restart, and how old it is',
      usualStateFolder,
    )
    .addHelpText(
      'after',
      `
It writes what is not there yet, once; run it again when policies have changed (a CronJob does),
or let it --watch. deploy/policy-status.yaml gives the rights to either.
Exit code 1: the API server could not be asked, or a status could not be written.

Examples:
  bulwark policy status --kubeconfig in-cluster && kubectl get runtimepolicies,severitypolicies
  bulwark policy status --kubeconfig in-cluster --watch`,
    )
    .action(status)
