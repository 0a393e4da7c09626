/**
 * `bulwark policy status`: says of each RuntimePolicy of a cluster whether it holds, and as what it
 * acts, in its `status`. One writer for all agents: see docs/adr.
 */
import { isDeepStrictEqual } from 'node:util'
import { Command } from 'commander'
import { policiesPath, readPolicyText } from '@bulwark/agent'
import { AccessError, ApiAsker, ApiFault } from '@bulwark/kubernetes'
import type { PolicyCondition, PolicyStatus } from '@bulwark/policy'
import { policyStatus } from '@bulwark/policy'
import { exitCodes } from './exit.ts'
import { accessOf } from './kubernetes.ts'
import type { RuleText } from './load-rules.ts'
import { loadPolicyTexts, readRuleFiles } from './load-rules.ts'
import { collect, logError } from './report.ts'

interface StatusOptions {
  readonly kubeconfig: string
  readonly rules: readonly string[]
  readonly dryRun?: boolean
}

type Json = Readonly<Record<string, unknown>>

/** A policy as the server has it. */
interface Known {
  readonly text: RuleText
  readonly name: string
  readonly generation: number
  readonly resourceVersion: string
  readonly status: Json
}

const objectIn = (from: Json, key: string): Json => {
  const value = from[key]
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

const knownOf = (object: Json): readonly Known[] => {
  const text = readPolicyText(object, () => {})
  const { name, generation, resourceVersion } = objectIn(object, 'metadata')
  if (!text || typeof name !== 'string' || typeof resourceVersion !== 'string') return []
  const status = objectIn(object, 'status')
  return [{ text, name, generation: Number(generation ?? 0), resourceVersion, status }]
}

const conditionsOf = ({ status }: Known): readonly PolicyCondition[] => {
  const conditions = status['conditions']
  return Array.isArray(conditions) ? (conditions as readonly PolicyCondition[]) : []
}

/** What would be written; `undefined` when that is there already. */
const changeOf = (known: Known, status: PolicyStatus): string | undefined => {
  const { actsAs, ...rest } = status
  const wanted = actsAs === null ? rest : status
  if (isDeepStrictEqual(known.status, wanted)) return undefined
  const { resourceVersion } = known
  return JSON.stringify({ metadata: { resourceVersion }, status })
}

/** How often all is looked at again, because some have changed while they were judged. */
const roundsMax = 3
const conflict = 409

/** Judges all, and writes what is not there. Returns how many could not be written. */
const writeAll = async (
  asker: ApiAsker,
  rules: readonly RuleText[],
  dryRun: boolean,
  round = 1,
): Promise<number> => {
  const all = (await asker.list(policiesPath)).flatMap(knownOf)
  const texts = all.map(({ text }) => text)
  const { policies } = loadPolicyTexts(rules, texts)
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const files = new Map(policies.map((policy) => [policy.place.file, policy]))
  let unwritten = 0
  let stale = 0
  for (const known of all) {
    const policy = files.get(known.text.name)
    if (!policy) continue
    const status = policyStatus(policy, known.generation, conditionsOf(known), now)
    const text = changeOf(known, status)
    const said = `${known.name}: ${status.actsAs === null ? 'Invalid' : 'acts as audit'}`
    try {
      if (text !== undefined && !dryRun) {
        const path = `${policiesPath}/${encodeURIComponent(known.name)}/status`
        await asker.ask(path, { method: 'PATCH', type: 'application/merge-patch+json', text })
      }
      console.log(text === undefined ? said : `${said}${dryRun ? ' (to be said)' : ' (said now)'}`)
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error
      if (error.status === conflict && round < roundsMax) stale++
      else {
        unwritten++
        logError(`cannot write the status of ${known.name}: ${error.message}`)
      }
    }
  }
  if (stale === 0) return unwritten
  return unwritten + (await writeAll(asker, rules, dryRun, round + 1))
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
    const unwritten = await writeAll(asker, rules, options.dryRun === true)
    process.exitCode = unwritten > 0 ? exitCodes.fault : exitCodes.done
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
    .description('write into each RuntimePolicy of a cluster whether it holds, and as what it acts')
    .requiredOption('--kubeconfig <file>', 'of the API server; `in-cluster`: as the pod it runs in')
    .option(
      '--rules <path>',
      "rule files that agents run with, whose macros policies use (default: Bulwark's own)",
      collect,
      [],
    )
    .option('--dry-run', 'say it, and write nothing')
    .addHelpText(
      'after',
      `
It writes what is not there yet, once; run it again when policies have changed (a CronJob does).
Exit code 1: the API server could not be asked, or a status could not be written.

Example:
  bulwark policy status --kubeconfig in-cluster && kubectl get runtimepolicies`,
    )
    .action(status)
