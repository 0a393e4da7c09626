/**
 * Secrets, config maps, volumes and claims: what they are called and where they lie, no
 * contents.
 */
import type { Labels } from '@bulwark/schema'
import type { Named, Reading } from './metadata.ts'
import { readAnnotations } from './metadata.ts'
import type { Json } from './reader.ts'

export interface Secret extends Named {
  /** Empty: it was listed without. */
  readonly type: string
  readonly annotations: Labels
}

/** Whose token a secret holds. */
export const accountAnnotation = 'kubernetes.io/service-account.name'
const secretAnnotations: ReadonlySet<string> = new Set([accountAnnotation])

/** `data` and `stringData` are never looked at. */
export const readSecret = (json: Json, reading: Reading): Secret => ({
  ...reading.names,
  type: reading.sharing.text(reading.reader.name(json, 'type', '') ?? ''),
  annotations: readAnnotations(json, reading, secretAnnotations),
})

/** Only those of the control plane matter, and only that they are there. */
export const readConfigMap = (_json: Json, { names }: Reading): Named | undefined =>
  names.namespace === 'kube-system' ? names : undefined

export interface Volume extends Named {
  /** Directory, file or device of a node; empty: it is none. */
  readonly hostPath: string
  /** Path in the object that says so. */
  readonly at: string
}

export const readVolume = (json: Json, { reader, names }: Reading): Volume => {
  const spec = reader.map(json, 'spec', '')
  for (const key of ['hostPath', 'local']) {
    const at = `spec.${key}`
    const path = reader.text(reader.map(spec, key, 'spec'), 'path', at)
    if (path !== undefined) return { ...names, hostPath: path, at: `${at}.path` }
  }
  return { ...names, hostPath: '', at: '' }
}

export interface Claim extends Named {
  /** Name of the volume that it got; empty: none yet. */
  readonly volume: string
}

export const readClaim = (json: Json, { reader, names }: Reading): Claim => ({
  ...names,
  volume: reader.name(reader.map(json, 'spec', ''), 'volumeName', 'spec') ?? '',
})
