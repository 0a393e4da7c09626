/**
 * What a pod's spec says of its containers, with what the pod says for all of them, and with each
 * mount joined to its volume. Names of volumes are not kept: those of tokens differ from pod to
 * pod, and everything else of a workload's pods is equal and therefore shared.
 */
import type { Reading } from './metadata.ts'
import type { Json, Reader } from './reader.ts'

export type ContainerRole = 'main' | 'init' | 'sidecar' | 'ephemeral'

/** What stands behind a path in a container, of the things that the graph knows. */
export type Source =
  | { readonly is: 'host'; readonly path: string }
  | { readonly is: 'claim'; readonly name: string }
  | { readonly is: 'secret'; readonly name: string }
  | { readonly is: 'configmap'; readonly name: string }
  /** Audience empty: the API server's. */
  | { readonly is: 'token'; readonly audience: string }

export interface Mount {
  readonly source: Source
  /** Where in the container; empty for values of environment variables, and the device's path. */
  readonly path: string
  readonly isReadOnly: boolean
  /** A part of the volume; `*`: of a variable's value, so any part. Empty: all of it. */
  readonly subPath: string
  /** A block device, not a file system. */
  readonly isDevice: boolean
  /** Path in the spec of the volume or of the variable. */
  readonly at: string
}

/** A `securityContext`'s answer to one question: `undefined`, nothing is said. */
export interface Confinement {
  readonly seccomp: string | undefined
  readonly apparmor: string | undefined
  readonly selinuxType: string | undefined
  readonly runAsUser: number | undefined
  readonly runAsNonRoot: boolean | undefined
}

export interface Port {
  /** Empty: it has no name. */
  readonly name: string
  readonly number: number
  readonly protocol: string
  /** 0: none. */
  readonly hostPort: number
}

export interface Container extends Confinement {
  readonly name: string
  readonly role: ContainerRole
  /** Path in the spec's object: `spec.containers[0]`. */
  readonly at: string
  readonly image: string
  readonly isPrivileged: boolean
  /** As written. */
  readonly capabilitiesAdded: readonly string[]
  readonly capabilitiesDropped: readonly string[]
  readonly mayEscalate: boolean | undefined
  readonly procMount: string
  readonly mounts: readonly Mount[]
  readonly ports: readonly Port[]
}

export interface PodSpec {
  readonly serviceAccount: string
  readonly automount: boolean | undefined
  readonly hostPid: boolean
  readonly hostIpc: boolean
  readonly hostNetwork: boolean
  /** `false`: root in its containers is not root of the node. */
  readonly hostUsers: boolean | undefined
  readonly sharesProcesses: boolean
  readonly runtimeClass: string
  readonly imagePullSecrets: readonly string[]
  readonly containers: readonly Container[]
}

/** Volumes by name: each may have several sources. */
type Volumes = ReadonlyMap<string, readonly { readonly source: Source; readonly at: string }[]>

const named = (reader: Reader, from: Json | undefined, key: string, at: string): string =>
  reader.name(from, key, at) ?? ''

/** One volume's sources, of the kinds that matter; a projected one has several. */
const readSources = (reader: Reader, volume: Json, at: string): readonly Source[] => {
  const host = reader.map(volume, 'hostPath', at)
  if (host) return [{ is: 'host', path: reader.text(host, 'path', `${at}.hostPath`) ?? '' }]
  const claim = reader.map(volume, 'persistentVolumeClaim', at)
  if (claim) return [{ is: 'claim', name: named(reader, claim, 'claimName', at) }]
  const secret = reader.map(volume, 'secret', at)
  if (secret?.['secretName'] !== undefined) {
    return [{ is: 'secret', name: named(reader, secret, 'secretName', `${at}.secret`) }]
  }
  const map = reader.map(volume, 'configMap', at)
  if (map) return [{ is: 'configmap', name: named(reader, map, 'name', `${at}.configMap`) }]
  const projected = reader.map(volume, 'projected', at)
  return reader
    .maps(projected, 'sources', `${at}.projected`, (item, itemAt): Source | undefined => {
      const token = reader.map(item, 'serviceAccountToken', itemAt)
      if (token) {
        return { is: 'token', audience: reader.text(token, 'audience', itemAt) ?? '' }
      }
      const part = reader.map(item, 'secret', itemAt)
      if (part) return { is: 'secret', name: named(reader, part, 'name', itemAt) }
      const config = reader.map(item, 'configMap', itemAt)
      return config && { is: 'configmap', name: named(reader, config, 'name', itemAt) }
    })
    .filter((source) => source !== undefined)
}

const readVolumes = (reader: Reader, spec: Json, at: string): Volumes => {
  const volumes = new Map<string, { source: Source; at: string }[]>()
  reader.maps(spec, 'volumes', at, (volume, volumeAt) => {
    const sources = readSources(reader, volume, volumeAt)
    if (sources.length > 0) {
      const from = sources.map((source) => ({ source, at: volumeAt }))
      volumes.set(named(reader, volume, 'name', volumeAt), from)
    }
    return undefined
  })
  return volumes
}

const readMounts = (
  reader: Reader,
  container: Json,
  at: string,
  volumes: Volumes,
): readonly Mount[] => {
  const mounts: Mount[] = []
  const join = (key: string, pathKey: string, isDevice: boolean): void => {
    reader.maps(container, key, at, (item, itemAt) => {
      const path = reader.text(item, pathKey, itemAt) ?? ''
      const isReadOnly = reader.flag(item, 'readOnly', itemAt) === true
      const subPath =
        item['subPathExpr'] === undefined ? (reader.text(item, 'subPath', itemAt) ?? '') : '*'
      for (const volume of volumes.get(named(reader, item, 'name', itemAt)) ?? []) {
        mounts.push({ ...volume, path, isReadOnly, subPath, isDevice })
      }
      return undefined
    })
  }
  join('volumeMounts', 'mountPath', false)
  join('volumeDevices', 'devicePath', true)
  return mounts
}

/** Secrets and config maps that are values of environment variables, as mounts without a path. */
const readEnvironment = (reader: Reader, container: Json, at: string): readonly Mount[] => {
  const mounts: Mount[] = []
  const take = (is: 'secret' | 'configmap', from: Json | undefined, itemAt: string): undefined => {
    const name = from && reader.name(from, 'name', itemAt)
    if (name !== undefined) {
      const source: Source = { is, name }
      mounts.push({ source, path: '', isReadOnly: true, subPath: '', isDevice: false, at: itemAt })
    }
    return undefined
  }
  reader.maps(container, 'env', at, (item, itemAt) => {
    const from = reader.map(item, 'valueFrom', itemAt)
    take('secret', reader.map(from, 'secretKeyRef', itemAt), itemAt)
    return take('configmap', reader.map(from, 'configMapKeyRef', itemAt), itemAt)
  })
  reader.maps(container, 'envFrom', at, (item, itemAt) => {
    take('secret', reader.map(item, 'secretRef', itemAt), itemAt)
    return take('configmap', reader.map(item, 'configMapRef', itemAt), itemAt)
  })
  return mounts
}

const readConfinement = (reader: Reader, from: Json | undefined, at: string): Confinement => ({
  seccomp: reader.text(reader.map(from, 'seccompProfile', at), 'type', at),
  apparmor: reader.text(reader.map(from, 'appArmorProfile', at), 'type', at),
  selinuxType: reader.text(reader.map(from, 'seLinuxOptions', at), 'type', at),
  runAsUser: reader.whole(from, 'runAsUser', at),
  runAsNonRoot: reader.flag(from, 'runAsNonRoot', at),
})

const readPorts = (reader: Reader, container: Json, at: string): readonly Port[] =>
  reader.maps(container, 'ports', at, (item, itemAt): Port | undefined => {
    const number = reader.whole(item, 'containerPort', itemAt)
    if (number === undefined) return undefined
    return {
      name: named(reader, item, 'name', itemAt),
      number,
      protocol: reader.name(item, 'protocol', itemAt) ?? 'TCP',
      hostPort: reader.whole(item, 'hostPort', itemAt) ?? 0,
    }
  })

interface OfPod {
  readonly reader: Reader
  readonly volumes: Volumes
  readonly confinement: Confinement
  /** Profile of a container by the annotation that came before the field. */
  readonly annotatedProfile: (container: string) => string | undefined
}

const readContainer = (item: Json, at: string, role: ContainerRole, pod: OfPod): Container => {
  const { reader } = pod
  const contextAt = `${at}.securityContext`
  const context = reader.map(item, 'securityContext', at)
  const own = readConfinement(reader, context, contextAt)
  const capabilities = reader.map(context, 'capabilities', contextAt)
  const name = named(reader, item, 'name', at)
  const restarts = role === 'init' && item['restartPolicy'] === 'Always'
  return {
    name,
    role: restarts ? 'sidecar' : role,
    at,
    image: reader.text(item, 'image', at) ?? '',
    isPrivileged: reader.flag(context, 'privileged', contextAt) === true,
    capabilitiesAdded: reader.texts(capabilities, 'add', `${contextAt}.capabilities`),
    capabilitiesDropped: reader.texts(capabilities, 'drop', `${contextAt}.capabilities`),
    mayEscalate: reader.flag(context, 'allowPrivilegeEscalation', contextAt),
    procMount: reader.text(context, 'procMount', contextAt) ?? 'Default',
    seccomp: own.seccomp ?? pod.confinement.seccomp,
    apparmor: own.apparmor ?? pod.annotatedProfile(name) ?? pod.confinement.apparmor,
    selinuxType: own.selinuxType ?? pod.confinement.selinuxType,
    runAsUser: own.runAsUser ?? pod.confinement.runAsUser,
    runAsNonRoot: own.runAsNonRoot ?? pod.confinement.runAsNonRoot,
    mounts: [...readMounts(reader, item, at, pod.volumes), ...readEnvironment(reader, item, at)],
    ports: readPorts(reader, item, at),
  }
}

/** Reads a spec at a path: `spec` of a pod, `spec.template.spec` of a workload. */
export const readPodSpec = (
  spec: Json,
  at: string,
  { reader, sharing }: Pick<Reading, 'reader' | 'sharing'>,
  annotatedProfile: (container: string) => string | undefined,
): PodSpec => {
  const flag = (key: string): boolean => reader.flag(spec, key, at) === true
  const confinement = readConfinement(
    reader,
    reader.map(spec, 'securityContext', at),
    `${at}.securityContext`,
  )
  const pod: OfPod = {
    reader,
    volumes: readVolumes(reader, spec, at),
    confinement,
    annotatedProfile,
  }
  const containers = (key: string, role: ContainerRole): readonly Container[] =>
    reader.maps(spec, key, at, (item, itemAt) => readContainer(item, itemAt, role, pod))
  return sharing.part({
    serviceAccount:
      reader.name(spec, 'serviceAccountName', at) ??
      reader.name(spec, 'serviceAccount', at) ??
      'default',
    automount: reader.flag(spec, 'automountServiceAccountToken', at),
    hostPid: flag('hostPID'),
    hostIpc: flag('hostIPC'),
    hostNetwork: flag('hostNetwork'),
    hostUsers: reader.flag(spec, 'hostUsers', at),
    sharesProcesses: flag('shareProcessNamespace'),
    runtimeClass: named(reader, spec, 'runtimeClassName', at),
    imagePullSecrets: reader.maps(spec, 'imagePullSecrets', at, (item, itemAt) =>
      reader.name(item, 'name', itemAt),
    ),
    containers: [
      ...containers('initContainers', 'init'),
      ...containers('containers', 'main'),
      ...containers('ephemeralContainers', 'ephemeral'),
    ],
  })
}
