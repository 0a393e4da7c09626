/** Accessors of `container.*` and `k8s.*`. */
import type { FieldValue, Labels } from '@bulwark/schema'
import { byteString } from '@bulwark/schema'
import { globMatcher } from '@bulwark/policy'
import type { Container, ContainerMetadata, ContainerMount } from '../container/container.ts'
import { imageParts, shortId } from '../container/container.ts'
import { watchedSeconds } from '../network/outbound.ts'
import type { AccessorTable, MakeAccessor } from './reader.ts'
import { plain } from './reader.ts'

const ofContainer = (read: (container: Container) => FieldValue): MakeAccessor =>
  plain(({ container }) => container && read(container))

const ofMetadata = (read: (metadata: ContainerMetadata) => FieldValue): MakeAccessor =>
  ofContainer(({ metadata }) => {
    const value = metadata && read(metadata)
    return typeof value === 'string' ? byteString(value) : value
  })

const ofImage = (part: 'repository' | 'tag'): MakeAccessor =>
  ofMetadata(({ image }) => (image === undefined ? undefined : imageParts(image)[part]))

const imageDigest = ofMetadata(
  ({ image, imageDigest: told }) =>
    (image === undefined ? undefined : imageParts(image).digest) ?? told,
)

const podUid = ofContainer((container) => container.podUid ?? container.metadata?.podUid)

/** The first twelve digits, as an id is shown. */
const short = (id: string | undefined): string | undefined =>
  id?.replace(/^sha256:/, '').slice(0, 12)

/** One label; the key is the field's argument. */
const ofLabel =
  (read: (metadata: ContainerMetadata) => Labels | undefined): MakeAccessor =>
  (key) =>
  ({ container }) => {
    const labels = container?.metadata && read(container.metadata)
    const found = labels?.find(([name]) => byteString(name) === String(key))
    return found && byteString(found[1])
  }

/** All labels as `key:value`, without the kubelet's own. */
const labelTexts = (labels: Labels | undefined): readonly string[] | undefined =>
  labels
    ?.filter(([key]) => !key.startsWith('io.kubernetes.'))
    .map(([key, value]) => (value === '' ? key : `${key}:${value}`))

const ofLabels = (read: (metadata: ContainerMetadata) => Labels | undefined): MakeAccessor =>
  ofMetadata((metadata) => labelTexts(read(metadata))?.join(', '))

/** `source:destination:mode:writable:propagation`. */
const mountText = (mount: ContainerMount): string =>
  [mount.source, mount.destination, mount.mode, mount.writable, mount.propagation].join(':')

/**
 * A mount by its number, or the first whose `by` matches a glob.
 *
 * @param by  the end of the mount that the argument of the field names
 */
const ofMount =
  (by: 'source' | 'destination', read: (mount: ContainerMount) => string): MakeAccessor =>
  (argument) => {
    const matches = globMatcher(String(argument))
    return ({ container }) => {
      const mounts = container?.metadata?.mounts
      const mount =
        typeof argument === 'number'
          ? mounts?.[argument]
          : mounts?.find((each) => matches(byteString(each[by])))
      return mount && byteString(read(mount))
    }
  }

const deploymentName = ofMetadata(({ workload }) =>
  workload?.kind === 'Deployment' ? workload.name : undefined,
)

/** Time since the container was started, nanoseconds. */
const duration: MakeAccessor = plain(({ container, timeNs }) => {
  const started = container?.metadata?.startedNs
  return started === undefined || started > timeNs ? undefined : timeNs - started
})

export const containerAccessors: AccessorTable = {
  'container.id': plain(({ container }) => (container ? shortId(container) : 'host')),
  'container.full_id': ofContainer((container) => container.id),
  'container.name': ofMetadata(({ name }) => name),
  'container.image': ofMetadata(({ image }) => image),
  'container.image.repository': ofImage('repository'),
  'container.image.tag': ofImage('tag'),
  'container.image.digest': imageDigest,
  'image.name': ofMetadata(({ image }) => image),
  'image.repository': ofImage('repository'),
  'image.tag': ofImage('tag'),
  'image.digest': imageDigest,
  'container.image.id': ofMetadata(({ imageId }) => short(imageId)),
  'container.type': ofContainer((container) => container.runtime),
  'container.role': ofMetadata(({ role }) => role),
  'container.privileged': ofMetadata(({ privileged }) => privileged),
  'container.start_ts': ofMetadata(({ startedNs }) => startedNs),
  'container.has_connected': ofContainer(({ hasConnected }) => hasConnected),
  'container.watched_s': plain(watchedSeconds),
  'container.duration': duration,
  'container.ip': ofMetadata(({ podIp }) => podIp),
  'container.host_network': ofMetadata(({ hostNetwork }) => hostNetwork),
  'container.host_pid': ofMetadata(({ hostPid }) => hostPid),
  'container.host_ipc': ofMetadata(({ hostIpc }) => hostIpc),
  'container.label': ofLabel(({ labels }) => labels),
  'container.labels': ofLabels(({ labels }) => labels),
  'container.mounts': ofMetadata(({ mounts }) => mounts?.map(mountText).join(' ')),
  'container.mount': ofMount('source', mountText),
  'container.mount.source': ofMount('destination', ({ source }) => source),
  'container.mount.dest': ofMount('source', ({ destination }) => destination),
  'container.mount.mode': ofMount('source', ({ mode }) => mode),
  'container.mount.rdwr': ofMount('source', ({ writable }) => String(writable)),
  'container.mount.propagation': ofMount('source', ({ propagation }) => propagation),
  'k8s.pod.name': ofMetadata(({ podName }) => podName),
  'k8s.ns.name': ofMetadata(({ namespace }) => namespace),
  'k8s.ns.id': ofMetadata(({ namespaceUid }) => namespaceUid),
  'k8s.ns.label': ofLabel(({ namespaceLabels }) => namespaceLabels),
  'k8s.ns.labels': ofLabels(({ namespaceLabels }) => namespaceLabels),
  'k8s.deployment.name': deploymentName,
  'k8s.workload.kind': ofMetadata(({ workload }) => workload?.kind),
  'k8s.workload.name': ofMetadata(({ workload }) => workload?.name),
  'k8s.sa.name': ofMetadata(({ serviceAccount }) => serviceAccount),
  'k8s.pod.uid': podUid,
  'k8s.pod.id': podUid,
  'k8s.pod.ip': ofMetadata(({ podIp }) => podIp),
  'k8s.pod.sandbox_id': ofMetadata(({ sandboxId }) => short(sandboxId)),
  'k8s.pod.full_sandbox_id': ofMetadata(({ sandboxId }) => sandboxId),
  'k8s.pod.label': ofLabel(({ podLabels }) => podLabels),
  'k8s.pod.labels': ofLabels(({ podLabels }) => podLabels),
  'k8smeta.pod.name': ofMetadata(({ podName }) => podName),
  'k8smeta.pod.uid': podUid,
  'k8smeta.pod.ip': ofMetadata(({ podIp }) => podIp),
  'k8smeta.pod.label': ofLabel(({ podLabels }) => podLabels),
  'k8smeta.pod.labels': ofContainer(({ metadata }) =>
    labelTexts(metadata?.podLabels)?.map(byteString),
  ),
  'k8smeta.ns.name': ofMetadata(({ namespace }) => namespace),
  'k8smeta.ns.uid': ofMetadata(({ namespaceUid }) => namespaceUid),
  'k8smeta.ns.label': ofLabel(({ namespaceLabels }) => namespaceLabels),
  'k8smeta.ns.labels': ofContainer(({ metadata }) =>
    labelTexts(metadata?.namespaceLabels)?.map(byteString),
  ),
  'k8smeta.deployment.name': deploymentName,
}
