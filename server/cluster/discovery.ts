/**
 * What of an API server is read: which of the graph's kinds it has, in which version, and where.
 * Of secrets and config maps only names are asked for: what is in them never comes.
 */
import { readTypes } from '@bulwark/graph'
import type { ApiLister, ListedResource } from '@bulwark/kubernetes'
import { asObject, asText } from '@bulwark/schema'

/** Kinds of which only names, labels and annotations are asked for. */
export const namesOnlyKinds: ReadonlySet<string> = new Set(['Secret', 'ConfigMap'])

/** Reports of Trivy Operator, which are no objects of the graph. */
const reports = ['VulnerabilityReport', 'SbomReport'].map((kind) => ({
  group: 'aquasecurity.github.io',
  versions: ['v1alpha1'],
  kind,
  isNamespaced: true,
}))

/** All that is asked for, as the API calls it, with the versions that are read, newest first. */
export const askedTypes: readonly {
  readonly group: string
  readonly versions: readonly string[]
  readonly kind: string
  readonly isNamespaced: boolean
}[] = [...readTypes, ...reports]

export interface Discovered {
  /** 34 of 1.34; `undefined`: it does not say. */
  readonly minorVersion: number | undefined
  /** Of each kind that it has, the newest version that both know. */
  readonly resources: readonly ListedResource[]
  /** Groups and versions of which it does not say what they have, with the reason. */
  readonly unknown: ReadonlyMap<string, string>
  /** `Kind (group)`: what it has not. */
  readonly absent: readonly string[]
}

const groupVersionOf = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

const objectsIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The groups and versions that a server has. */
const servedBy = async (lister: ApiLister): Promise<ReadonlySet<string>> => {
  const { groups } = await lister.get('/apis')
  const versions = objectsIn(groups).flatMap((group) => objectsIn(asObject(group)?.['versions']))
  const named = versions.flatMap((version) => asText(asObject(version)?.['groupVersion']) ?? [])
  return new Set(['v1', ...named])
}

const minorVersionOf = async (lister: ApiLister): Promise<number | undefined> => {
  const { minor } = await lister.get('/version')
  // Some clouds write `34+`.
  const value = Number.parseInt(asText(minor) ?? '', 10)
  return Number.isNaN(value) ? undefined : value
}

/**
 * Asks a server what it has.
 *
 * @throws ApiFault  it does not answer, or knows nobody who asks
 */
export const discover = async (lister: ApiLister): Promise<Discovered> => {
  const minorVersion = await minorVersionOf(lister)
  const served = await servedBy(lister)
  const known = new Map<string, readonly ListedResource[]>()
  const unknown = new Map<string, string>()
  const resources: ListedResource[] = []
  const absent: string[] = []
  for (const { group, versions, kind } of askedTypes) {
    const asked = versions
      .map((version) => groupVersionOf(group, version))
      .filter((each) => served.has(each))
    let found: ListedResource | undefined
    for (const groupVersion of asked) {
      const listed = known.get(groupVersion) ?? (await listOf(lister, groupVersion, unknown))
      known.set(groupVersion, listed)
      found ??= listed.find((each) => each.kind === kind)
    }
    if (found) resources.push(found)
    else if (!asked.some((each) => unknown.has(each))) {
      absent.push(group === '' ? kind : `${kind} (${group})`)
    }
  }
  return { minorVersion, resources, unknown, absent }
}

/** An API that another server answers for may be away: its kinds are not known. */
const listOf = async (
  lister: ApiLister,
  groupVersion: string,
  unknown: Map<string, string>,
): Promise<readonly ListedResource[]> => {
  try {
    return await lister.resources(groupVersion)
  } catch (error) {
    unknown.set(groupVersion, messageOf(error))
    return []
  }
}
