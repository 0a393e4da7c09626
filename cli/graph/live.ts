/**
 * A cluster out of its API server: every kind that the graph reads and the server knows, listed
 * once. Of secrets and config maps only names are asked for: what is in them never comes.
 */
import type { ApiAccess, ListedResource } from '@bulwark/kubernetes'
import { ApiFault, ApiLister } from '@bulwark/kubernetes'
import type { OnProgress } from '@bulwark/server'
import { ClusterInput, discover, namesOnlyKinds } from '@bulwark/server'
import { limits } from './limits.ts'

/** The server cannot be asked at all. */
export class LiveError extends Error {}

const forbiddenStatus = 403

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

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
      namesOnly: namesOnlyKinds.has(kind),
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
    const { minorVersion, resources, unknown } = await discover(lister)
    const input = new ClusterInput(minorVersion)
    for (const [file, message] of unknown) {
      // An API that another server answers for, and does not: its kinds are missing.
      input.fault({ file, item: '' }, `is not to be had: ${message}`)
    }
    let saidMs = performance.now()
    for (const resource of resources) {
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
