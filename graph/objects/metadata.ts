/** What every object has: names, labels, owner. */
import type { Labels } from '@bulwark/schema'
import type { Json, Reader } from './reader.ts'
import type { Sharing } from './share.ts'

/** What made an object: its controller. */
export interface Owner {
  readonly kind: string
  readonly name: string
}

/** What every object in the table has. `namespace` is empty for what has none. */
export interface Named {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly labels: Labels
  readonly owner: Owner | undefined
}

/** What readers get beside the object. */
export interface Reading {
  readonly reader: Reader
  readonly sharing: Sharing
  readonly names: Named
}

const ownerOf = (metadata: Json | undefined, { reader, sharing }: Reading): Owner | undefined => {
  const owners = reader.maps(metadata, 'ownerReferences', 'metadata', (item, at) => {
    if (item['controller'] !== true) return undefined
    const kind = reader.name(item, 'kind', at)
    const name = reader.name(item, 'name', at)
    if (kind === undefined || name === undefined) return undefined
    return sharing.part({ kind, name })
  })
  return owners[0]
}

/** Names of an object whose own two are already known. */
export const readNames = (json: Json, reader: Reader, sharing: Sharing): Named => {
  const metadata = reader.map(json, 'metadata', '')
  const { namespace, name } = reader.object
  const names: Named = { namespace, name, uid: '', labels: [], owner: undefined }
  return {
    ...names,
    uid: reader.name(metadata, 'uid', 'metadata') ?? '',
    labels: sharing.part(reader.labels(metadata, 'labels', 'metadata')),
    owner: ownerOf(metadata, { reader, sharing, names }),
  }
}

/** Some of an object's annotations; most are somebody else's, and long. */
export const readAnnotations = (
  json: Json,
  { reader, sharing }: Reading,
  keys: ReadonlySet<string>,
): Labels => {
  const metadata = reader.map(json, 'metadata', '')
  return sharing.part(reader.labels(metadata, 'annotations', 'metadata', keys))
}
