/**
 * What container runtimes keep of a container on the node: the OCI bundle's `config.json` (with
 * the annotations that containerd and CRI-O put there) and runc's `state.json`. No socket, no
 * wait: the files are there before the container's program runs. They are other programs' files,
 * so everything in them is checked.
 */
import { readdirSync } from 'node:fs'
import type { Json } from '@bulwark/schema'
import { asObject, parseJson } from '@bulwark/schema'
import type { ContainerMetadata, ContainerMount } from './container.ts'
import { joinMetadata, noMetadata } from './container.ts'
import { engineFacts } from './engine-files.ts'
import { asStrings, readJson } from './json-file.ts'
import { limits } from '../limits.ts'
import type { Question } from '../outside.ts'

/** `*` stands for one directory name. */
const stateRoots = [
  '/run/runc',
  '/run/containerd/runc/*',
  '/run/docker/runtime-runc/*',
  '/run/crun',
]
const bundleRoots = [
  '/run/containerd/io.containerd.runtime.v2.task/*',
  '/run/docker/containerd/daemon/io.containerd.runtime.v2.task/*',
]
/** Podman's, and CRI-O's: in a folder of the container. */
const storageRoots = [
  '/run/containers/storage/overlay-containers',
  '/var/lib/containers/storage/overlay-containers',
]

const expand = (root: string): readonly string[] => {
  if (!root.endsWith('/*')) return [root]
  const parent = root.slice(0, -2)
  try {
    return readdirSync(parent).map((name) => `${parent}/${name}`)
  } catch {
    return []
  }
}

const below = (top: string, roots: readonly string[]): readonly string[] =>
  roots.flatMap((root) => expand(`${top}${root}`))

/** The first annotation that is there. containerd and CRI-O name the same things differently. */
const annotation = (annotations: Json, ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const value = annotations[name]
    if (typeof value === 'string') return value
  }
  return undefined
}

/** `root.path`, which may be relative to the bundle. */
const rootOf = (config: Json, bundle: string): string | undefined => {
  const path = asObject(config['root'])?.['path']
  if (typeof path !== 'string') return undefined
  return path.startsWith('/') ? path : `${bundle}/${path}`
}

const propagations = new Set(['private', 'shared', 'slave', 'unbindable'])

/** What of the host is mounted into the container; the rest of its mounts are its own. */
const mountsOf = (config: Json): readonly ContainerMount[] | undefined => {
  const mounts = config['mounts']
  if (!Array.isArray(mounts)) return undefined
  return mounts.slice(0, limits.mountsMax).flatMap((each: unknown) => {
    const mount = asObject(each)
    const options = asStrings(mount?.['options'])
    const { source, destination } = {
      source: mount?.['source'],
      destination: mount?.['destination'],
    }
    const isBind =
      mount?.['type'] === 'bind' || options.includes('bind') || options.includes('rbind')
    if (!isBind || typeof source !== 'string' || typeof destination !== 'string') return []
    const propagation = options.find((option) => propagations.has(option.replace(/^r/, '')))
    return [
      {
        source,
        destination,
        mode: '',
        writable: !options.includes('ro'),
        propagation: propagation === 'rprivate' ? 'private' : (propagation ?? ''),
      },
    ]
  })
}

/** Metadata from an OCI `config.json` that lies in the folder `bundle`. Pure. */
export const metadataFromBundle = (
  config: Json,
  bundle: string,
  startedNs: bigint | undefined,
): ContainerMetadata => {
  const annotations = asObject(config['annotations']) ?? {}
  const process = asObject(config['process'])
  const linux = asObject(config['linux'])
  const bounding = asStrings(asObject(process?.['capabilities'])?.['bounding'])
  return {
    ...noMetadata,
    name: annotation(
      annotations,
      'io.kubernetes.cri.container-name',
      'io.kubernetes.container.name',
    ),
    image: annotation(annotations, 'io.kubernetes.cri.image-name', 'io.kubernetes.cri-o.ImageName'),
    podName: annotation(annotations, 'io.kubernetes.cri.sandbox-name', 'io.kubernetes.pod.name'),
    namespace: annotation(
      annotations,
      'io.kubernetes.cri.sandbox-namespace',
      'io.kubernetes.pod.namespace',
    ),
    podUid: annotation(annotations, 'io.kubernetes.cri.sandbox-uid', 'io.kubernetes.pod.uid'),
    sandboxId: annotation(
      annotations,
      'io.kubernetes.cri.sandbox-id',
      'io.kubernetes.cri-o.SandboxID',
    ),
    mounts: mountsOf(config),
    privileged:
      asStrings(linux?.['maskedPaths']).length === 0 &&
      bounding.includes('CAP_SYS_ADMIN') &&
      bounding.includes('CAP_SYS_MODULE'),
    rootPath: rootOf(config, bundle),
    startedNs,
  }
}

const findBundle = (id: string, top: string): string | undefined => {
  for (const root of below(top, stateRoots)) {
    const labels = asStrings(asObject(readJson(`${root}/${id}/state.json`)?.['config'])?.['labels'])
    const bundle = labels.find((label) => label.startsWith('bundle='))?.slice('bundle='.length)
    if (bundle !== undefined) return bundle
    const status = readJson(`${root}/${id}/status`)?.['bundle'] // crun
    if (typeof status === 'string') return status
  }
  const tasks = below(top, bundleRoots).map((root) => `${root}/${id}`)
  const stored = storageRoots.map((root) => `${top}${root}/${id}/userdata`)
  return [...tasks, ...stored].find((bundle) => readJson(`${bundle}/config.json`))
}

/**
 * Metadata from the JSON that runtimes add to a verbose status: containerd and CRI-O put the OCI
 * configuration there. Nothing when it is none.
 */
export const metadataFromInfo = (info: string): Partial<ContainerMetadata> => {
  const config = asObject(asObject(parseJson(info))?.['runtimeSpec'])
  if (!config) return {}
  // A relative root is relative to a bundle, which is not told here.
  const { rootPath, ...rest } = metadataFromBundle(config, '', undefined)
  return {
    ...rest,
    rootPath: asObject(config['root'])?.['path'] === rootPath ? rootPath : undefined,
  }
}

/** What the runtime's files say of a container, by its id. */
export const metadataQuestion: Question<ContainerMetadata> = { name: 'metadata' }

/** Where to look for a container's files. */
export interface FilesAt {
  /** Where run/ is; another directory in tests. */
  readonly top?: string
  /** The bundle, where it is known. */
  readonly bundle?: string | undefined
}

/** Reads the runtime's files of a container; `undefined` when there are none (yet). */
export const readMetadata = (
  id: string,
  { top = '', bundle: told }: FilesAt = {},
): ContainerMetadata | undefined => {
  const bundle = told ?? findBundle(id, top)
  if (bundle === undefined) return undefined
  const config = readJson(`${bundle}/config.json`)
  if (!config) return undefined
  const metadata = metadataFromBundle(config, bundle, stateTime(id, top))
  if (metadata.image !== undefined) return metadata
  return joinMetadata(metadata, engineFacts(id, bundle, metadata.mounts ?? []))
}

/**
 * The OCI bundle in the arguments of a runtime (`runc create --bundle FOLDER ID`), which is the
 * working directory when they name none; `undefined` when they are not about the container.
 */
export const bundleInArguments = (
  args: readonly string[],
  cwd: string,
  id: string,
): string | undefined => {
  if (!args.includes(id)) return undefined
  const at = args.findIndex((each) => /^(?:-b|--?bundle)(?:=|$)/.test(each))
  const word = args[at] ?? ''
  const given = word.includes('=') ? word.slice(word.indexOf('=') + 1) : args[at + 1]
  if (at < 0 || given === undefined) return cwd
  return given.startsWith('/') ? given : `${cwd}/${given}`
}

const stateTime = (id: string, top: string): bigint | undefined => {
  for (const root of below(top, stateRoots)) {
    const created = readJson(`${root}/${id}/state.json`)?.['created']
    const ms = typeof created === 'string' ? Date.parse(created) : NaN
    if (!Number.isNaN(ms)) return BigInt(ms) * 1_000_000n
  }
  return undefined
}
