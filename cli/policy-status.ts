/**
 * `bulwark policy status`: says of each policy of a cluster whether it holds, of RuntimePolicies
 * as what they act, in its `status`. One writer for all agents and servers: see docs/adr.
 */
import { isDeepStrictEqual } from 'node:util'
import { Command } from 'commander'
import { policiesPath, readPolicyText } from '@bulwark/agent'
import { readSeverityPolicies } from '@bulwark/graph'
import { AccessError, ApiAsker, ApiFault } from '@bulwark/kubernetes'
import type { PolicyCondition } from '@bulwark/policy'
import { acceptedStatus, policyStatus } from '@bulwark/policy'
import { policyApiVersion, severityPolicyKind, severityPolicyPlural } from '@bulwark/schema'
import { severityPoliciesPath } from '@bulwark/server'
import { exitCodes } from './exit.ts'
import { accessOf } from './kubernetes.ts'
import type { RuleText } from './load-rules.ts'
import { loadPolicyTexts, readRuleFiles } from './load-rules.ts'
import { print } from './print.ts'
import { again, logError } from './report.ts'

interface StatusOptions {
  readonly kubeconfig: string
  readonly rules: readonly string[]
  readonly dryRun?: boolean
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

/** Judges all of a kind, and writes what is not there. Returns how many could not be written. */
const writeAll = async (
  asker: ApiAsker,
  kind: Kind,
  dryRun: boolean,
  round = 1,
): Promise<number> => {
  const all = (await asker.list(kind.path)).flatMap(knownOf)
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  let unwritten = 0
  let stale = 0
  for (const said of kind.judge(all, now)) {
    const { name } = said.known
    const text = changeOf(said)
    const line = `${name}: ${said.words}`
    try {
      if (text !== undefined && !dryRun) {
        const path = `${kind.path}/${encodeURIComponent(name)}/status`
        await asker.ask(path, { method: 'PATCH', type: 'application/merge-patch+json', text })
      }
      print(text === undefined ? line : `${line}${dryRun ? ' (to be said)' : ' (said now)'}`)
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
  return unwritten + (await writeAll(asker, kind, dryRun, round + 1))
}

/** A cluster may have one definition of `deploy/crds` alone. */
const ifUnknown = (error: unknown): number => {
  if (!(error instanceof ApiFault) || error.status !== notFound) throw error
  logError(`the API server knows no ${severityPolicyPlural}`, 'apply deploy/crds to have them')
  return 0
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
    asker = new ApiAsker(accessOf(options.kubeconfig))
    const dryRun = options.dryRun === true
    const unwritten = await writeAll(asker, runtimePolicies(rules), dryRun)
    const more = await writeAll(asker, severityPolicies, dryRun).catch(ifUnknown)
    process.exitCode = unwritten + more > 0 ? exitCodes.fault : exitCodes.done
  } catch (error) {
    if (!(error instanceof AccessError) && !(error instanceof ApiFault)) throw error
    logError(`cannot ask ${options.kubeconfig}: ${error.message}`, 'see docs/policies.md')
    process.exitCode = error instanceof AccessError ? exitCodes.usage : exitCodes.fault
  } finally {
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
    .addHelpText(
      'after',
      `
It writes what is not there yet, once; run it again when policies have changed (a CronJob does).
Exit code 1: the API server could not be asked, or a status could not be written.

Example:
  bulwark policy status --kubeconfig in-cluster && kubectl get runtimepolicies,severitypolicies`,
    )
    .action(status)
