/** What of a node's file system a container sees, and whether it covers a place that matters. */
import type { Cluster } from '../cluster.ts'
import type { Certainty, Fact } from '../edges.ts'
import type { Mount } from '../objects/podspec.ts'
import type { ContainerIn } from './container.ts'
import { podFact } from './container.ts'

/** A part of the node's file system in a container. */
export interface HostMount {
  /** On the node, without `.`, `..` and doubled slashes; `/` is the whole. */
  readonly path: string
  /** Where in the container. */
  readonly inside: string
  readonly isReadOnly: boolean
  readonly isDevice: boolean
  /** Only some part of it is there, and which is not known. */
  readonly isPart: boolean
  readonly fact: Fact
}

/** A path as the kernel would walk it, where nothing but `/var/run` is a link. */
export const plainPath = (path: string): string => {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  if (parts[0] === 'var' && parts[1] === 'run') parts.shift()
  return `/${parts.join('/')}`
}

const below = (path: string, top: string): boolean =>
  top === '/' ? path !== '/' : path.startsWith(`${top}/`)

/** How a mount meets a place: it has all of it, it is a part of it, or neither. */
export const meets = (mounted: string, place: string): 'all' | 'part' | 'none' => {
  if (mounted === place || below(place, mounted)) return 'all'
  return below(mounted, place) ? 'part' : 'none'
}

/** Where a mount's volume lies on the node, and where that is said; `undefined`: it does not. */
const hostPathOf = (
  { objects }: Cluster,
  namespace: string,
  { source }: Mount,
): { readonly path: string; readonly volume: string } | undefined => {
  if (source.is === 'host') return { path: source.path, volume: '' }
  if (source.is !== 'claim') return undefined
  const claim = objects.get('PersistentVolumeClaim', namespace, source.name)
  const volume = claim && objects.get('PersistentVolume', '', claim.volume)
  if (!volume || volume.hostPath === '') return undefined
  return { path: volume.hostPath, volume: volume.name }
}

/** The parts of the node's file system that a container sees. */
export const hostMounts = (cluster: Cluster, found: ContainerIn): readonly HostMount[] => {
  const { pod, container } = found
  const mounts: HostMount[] = []
  for (const mount of container.mounts) {
    const host = hostPathOf(cluster, pod.namespace, mount)
    if (!host) continue
    const isPart = mount.subPath === '*'
    const path = plainPath(isPart ? host.path : `${host.path}/${mount.subPath}`)
    const what = mount.isReadOnly ? `${path} read only` : path
    const by = host.volume === '' ? '' : ` by volume ${host.volume}`
    mounts.push({
      path,
      inside: plainPath(mount.path),
      isReadOnly: mount.isReadOnly,
      isDevice: mount.isDevice,
      isPart,
      fact: podFact(
        pod,
        mount.at,
        `container ${container.name} has the node's ${what}${by}`,
        `take the node's ${path} from the pod`,
      ),
    })
  }
  return mounts
}

/** How surely a mount has a place. */
export const certaintyOf = ({ isPart }: HostMount, met: 'all' | 'part'): Certainty =>
  isPart || met === 'part' ? 'possible' : 'certain'
