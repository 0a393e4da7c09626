/** From where a run knows the pods of its node, as its options say. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import type { PodOrigin } from '@bulwark/agent'
import { PolicyFeed, readDump } from '@bulwark/agent'
import type { ApiAccess } from '@bulwark/kubernetes'
import { AccessError, accessFromKubeconfig, accessInCluster } from '@bulwark/kubernetes'
import { reasonOf } from '@bulwark/schema'
import type { Settings } from './config/settings.ts'
import { KeptPolicies } from './kept-policies.ts'
import { log, logError } from './report.ts'

/** In place of a file: the access that every pod has. */
const inCluster = 'in-cluster'

/** Values that a kubeconfig may have, aliases counted as often as they are used. */
const aliasesMax = 100

const parseYaml = (text: string): unknown => {
  const document = parseDocument(text, { logLevel: 'silent' })
  const [fault] = document.errors
  if (fault) throw new AccessError(`it is no YAML: ${fault.message.split('\n')[0] ?? ''}`)
  try {
    return document.toJS({ maxAliasCount: aliasesMax })
  } catch (error) {
    throw new AccessError(error instanceof Error ? error.message : String(error))
  }
}

/** @throws AccessError  it is no kubeconfig, or one that cannot be used */
export const accessOf = (kubeconfig: string): ApiAccess => {
  if (kubeconfig === inCluster) {
    const access = accessInCluster(process.env)
    if (access) return access
    throw new AccessError('this is no pod of a cluster, or it has no service account')
  }
  const path = resolve(kubeconfig)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new AccessError(reasonOf(error, path))
  }
  return accessFromKubeconfig(parseYaml(text), dirname(path))
}

/** @param passOthers  objects of other kinds are there on purpose */
const originOfFiles = async (
  folder: string,
  node: string | undefined,
  passOthers: boolean,
): Promise<PodOrigin> => {
  const { changes, flaws } = await readDump(folder, { node, passOthers })
  for (const flaw of flaws) log(`pods from ${folder}: ${flaw}`)
  const { pods, namespaces } = changes
  log(`pods from ${folder}: ${pods.length}; namespaces: ${namespaces.length}`)
  return { from: 'files', changes }
}

const originOf = async (choice: Choice): Promise<PodOrigin | undefined> => {
  const { kubeconfig, node, podsFrom, fromFiles } = choice
  if (podsFrom !== undefined) return await originOfFiles(podsFrom, node, false)
  if (kubeconfig === undefined && fromFiles !== undefined) {
    return await originOfFiles(fromFiles, node, true)
  }
  if (kubeconfig === undefined) return undefined
  return { from: 'server', access: accessOf(kubeconfig), node: node ?? hostname().toLowerCase() }
}

/** Policies of a cluster, and what is kept of them over a restart. */
export interface ClusterPolicies {
  readonly feed: PolicyFeed
  readonly kept: KeptPolicies | undefined
}

/** The policies of the cluster that pods are known from, from now on; none where that is files. */
export const policiesOf = (
  origin: PodOrigin | undefined,
  { stateFolder }: Pick<Settings, 'stateFolder'>,
): ClusterPolicies | undefined => {
  if (origin?.from !== 'server') return undefined
  const { access } = origin
  const kept = stateFolder === undefined ? undefined : new KeptPolicies(stateFolder, access, log)
  const before = kept?.policies ?? []
  return { feed: new PolicyFeed({ access, before, log }), kept }
}

/** What of the options is about it. */
type Choice = Pick<Settings, 'kubeconfig' | 'node' | 'podsFrom' | 'fromFiles'>

/**
 * Where pods are known from.
 *
 * @returns `origin` is `undefined` when nobody is asked; `undefined` on wrong usage, which was said
 */
export const podOriginOf = async (
  choice: Choice,
): Promise<{ readonly origin: PodOrigin | undefined } | undefined> => {
  try {
    return { origin: await originOf(choice) }
  } catch (error) {
    if (!(error instanceof AccessError)) throw error
    const where = choice.podsFrom ?? choice.kubeconfig ?? choice.fromFiles ?? ''
    logError(`cannot know pods from ${where}: ${error.message}`, 'see docs/kubernetes.md')
    return undefined
  }
}
