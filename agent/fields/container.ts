/** Accessors of `container.*` and `k8s.*`. */
import type { FieldValue } from '@bulwark/schema'
import { byteString } from '@bulwark/schema'
import type { Container, ContainerMetadata } from '../container.ts'
import { imageParts, shortId } from '../container.ts'
import { watchedSeconds } from '../outbound.ts'
import type { AccessorTable, MakeAccessor } from './reader.ts'
import { plain } from './reader.ts'

const ofContainer = (read: (container: Container) => FieldValue): MakeAccessor =>
  plain(({ container }) => container && read(container))

const ofMetadata = (read: (metadata: ContainerMetadata) => FieldValue): MakeAccessor =>
  ofContainer(({ metadata }) => {
    const value = metadata && read(metadata)
    return typeof value === 'string' ? byteString(value) : value
  })

const ofImage = (part: 'repository' | 'tag' | 'digest'): MakeAccessor =>
  ofMetadata(({ image }) => (image === undefined ? undefined : imageParts(image)[part]))

const podUid = ofContainer((container) => container.podUid ?? container.metadata?.podUid)

export const containerAccessors: AccessorTable = {
  'container.id': plain(({ container }) => (container ? shortId(container) : 'host')),
  'container.full_id': ofContainer((container) => container.id),
  'container.name': ofMetadata(({ name }) => name),
  'container.image': ofMetadata(({ image }) => image),
  'container.image.repository': ofImage('repository'),
  'container.image.tag': ofImage('tag'),
  'container.image.digest': ofImage('digest'),
  'container.type': ofContainer((container) => container.runtime),
  'container.privileged': ofMetadata(({ privileged }) => privileged),
  'container.start_ts': ofMetadata(({ startedNs }) => startedNs),
  'container.has_connected': ofContainer(({ hasConnected }) => hasConnected),
  'container.watched_s': plain(watchedSeconds),
  'k8s.pod.name': ofMetadata(({ podName }) => podName),
  'k8s.ns.name': ofMetadata(({ namespace }) => namespace),
  'k8s.pod.uid': podUid,
  'k8s.pod.id': podUid,
}
