/**
 * A cluster out of its API server: every kind that the graph reads and the server knows, listed
 * once. Of secrets and config maps only names are asked for: what is in them never comes.
 */
import { readTypes } from '@bulwark/graph'
import type { ApiAccess, ListedResource } from '@bulwark/kubernetes'
import { ApiFault, ApiLister } from '@bulwark/kubernetes'
import type { OnProgress } from './files.ts'
import { ClusterInput, isJson } from '@bulwark/server'
import { limits } from './limits.ts'

/** The server cannot be asked at all. */
export class LiveError extends Error {}

const forbiddenStatus = 403

const namesOnly: ReadonlySet<string> = new Set(['Secret', 'ConfigMap'])

/** Reports of Trivy Operator, which are no objects of the graph. */
const reports = ['VulnerabilityReport', 'SbomReport'].map((kind) => ({
  group: 'aquasecurity.github.io',
  versions: ['v1alpha1'],
  kind,
}))

const groupVersionOf = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`

/** The groups and versions that a server has. */
const servedBy = async (lister: ApiLister): Promise<ReadonlySet<string>> => {
  const { groups } = await lister.get('/apis')
  const versions = (Array.isArray(groups) ? groups : []).flatMap((group: unknown) =>
    isJson(group) && Array.isArray(group['versions']) ? (group['versions'] as unknown[]) : [],
  )
  const named = versions.flatMap((version) => (isJson(version) ? [version['groupVersion']] : []))
  return new Set(['v1', ...named.filter((each) => typeof each === 'string')])
}

/** What is to be listed: of each kind the newest version that both know. */
const resourcesOf = async (
  lister: ApiLister,
  input: ClusterInput,
): Promise<readonly ListedResource[]> => {
  const served = await servedBy(lister)
  const known = new Map<string, readonly ListedResource[]>()
  const found: ListedResource[] = []
  for (const { group, versions, kind } of [...readTypes, ...reports]) {
    for (const version of versions) {
      const groupVersion = groupVersionOf(group, version)
      if (!served.has(groupVersion)) continue
      let resources = known.get(groupVersion)
      if (!resources) {
        resources = await lister.resources(groupVersion).catch((error: unknown) => {
          // An API that another server answers for, and does not: its kinds are missing, and told.
          input.fault({ file: groupVersion, item: '' }, `is not to be had: ${messageOf(error)}`)
          return []
        })
        known.set(groupVersion, resources)
      }
      const resource = resources.find((each) => each.kind === kind)
      if (!resource) continue
      found.push(resource)
      break
    }
  }
  return found
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

const minorVersionOf = async (lister: ApiLister): Promise<number | undefined> => {
  const { minor } = await lister.get('/version')
  // Some clouds write `34+`.
  const value = Number.parseInt(typeof minor === 'string' ? minor : '', 10)
  return Number.isNaN(value) ? undefined : value
}

/** Lists one kind. What the server refuses is told: a hole in the answer. */
const listInto = async (
  lister: ApiLister,
  resource: ListedResource,
  input: ClusterInput,
): Promise<void> => {
  const { path, kind, groupVersion } = resource
  const type = { apiVersion: groupVersion, kind }
  let at = 0
  try {
    await lister.list(resource, {
      namesOnly: namesOnly.has(kind),
      onObject: (object) => {
        const place = { file: path, item: `items[${at++}]` }
        if (object) input.take(place, isTyped(object) ? object : { ...type, ...object }, type)
        else input.fault(place, 'is no object, or is too large')
      },
    })
  } catch (error) {
    const isRefused = error instanceof ApiFault && error.status === forbiddenStatus
    const right = isRefused ? `: the right to list ${path.split('/').at(-1)} is missing` : ''
    input.fault({ file: path, item: '' }, `is not listed: ${messageOf(error)}${right}`)
  }
}

/** Items of a list do not say their kind; those of a list of names say another one. */
const isTyped = (object: Readonly<Record<string, unknown>>): boolean =>
  typeof object['kind'] === 'string'

/**
 * Lists a cluster once.
 *
 * @param onProgress  hears of a long list every few seconds
 * @throws LiveError  the server does not answer, or knows nobody who asks
 */
export const listCluster = async (
  access: ApiAccess,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<{ readonly input: ClusterInput; readonly place: string }> => {
  const lister = new ApiLister(access, signal)
  try {
    const input = new ClusterInput(await minorVersionOf(lister))
    let saidMs = performance.now()
    for (const resource of await resourcesOf(lister, input)) {
      await listInto(lister, resource, input)
      const now = performance.now()
      if (now - saidMs < limits.progressMs) continue
      saidMs = now
      onProgress(`  listed ${resource.path}: ${input.objects} objects so far`)
    }
    return { input, place: lister.place }
  } catch (error) {
    throw new LiveError(messageOf(error))
  } finally {
    lister.close()
  }
}
