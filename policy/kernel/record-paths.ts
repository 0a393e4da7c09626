/** Paths that calls name: `fs.path.*`, and what `evt.arg` tells of them. */
import type { FieldRef } from '@bulwark/schema'
import { EventNumber } from '@bulwark/schema'
import { inverse } from './make-plan.ts'
import type { Reading } from './reading.ts'
import { absent, always, only } from './reading.ts'
import { fileName } from './record-files.ts'
import type { ReadField, Readings, RecordKind } from './record-kind.ts'
import { isEmpty, resolvedFrom, resolvedOr, textOfRecord, where } from './record-kind.ts'

/** `LiveEvent.oldPath`. */
export const oldPath = (of: RecordKind): Reading => {
  switch (of.kind) {
    case EventNumber.symlink: {
      const isUntold = isEmpty(of, 'old_resolved')
      return [
        ...where(inverse(isUntold), textOfRecord(of, 'old_resolved')),
        ...where(isUntold, textOfRecord(of, 'old_path')),
      ]
    }
    case EventNumber.link:
    case EventNumber.rename:
      return resolvedOr(of, 'old_resolved', 'old_path', 'old_base')
    default:
      return absent
  }
}

/** `LiveEvent.newPath`. */
export const newPath = (of: RecordKind): Reading => {
  switch (of.kind) {
    case EventNumber.rename:
    case EventNumber.link:
    case EventNumber.symlink:
      return resolvedOr(of, 'new_resolved', 'new_path', 'new_base')
    case EventNumber.unlink:
      return resolvedOr(of, 'path', 'raw_path', 'base')
    default:
      return absent
  }
}

/** `LiveEvent.callPath`. */
export const callPath = (of: RecordKind): Reading =>
  of.kind === EventNumber.path_call ? resolvedOr(of, 'path', 'raw_path', 'base') : absent

/** `LiveEvent.mountSource`: as given, also where the kernel has told it. */
export const mountSource = (of: RecordKind): Reading => {
  const isUntold = isEmpty(of, 'source_resolved')
  const isThere = inverse(isEmpty(of, 'source'))
  return [
    ...only(inverse(isUntold), resolvedFrom(of, 'source_resolved', 'source_base')),
    ...where(isUntold, only(isThere, resolvedFrom(of, 'source', 'source_base'))),
  ]
}

/** `LiveEvent.mountTarget`. */
export const mountTarget = (of: RecordKind): Reading =>
  resolvedOr(of, 'target_resolved', 'target', 'target_base')

/** Calls told in a shape that name one path. */
const pathCalls: ReadonlySet<string> = new Set(
  'mkdir mkdirat rmdir chmod fchmodat chown lchown fchownat umount umount2 quotactl'.split(' '),
)
const descriptorCalls: ReadonlySet<string> = new Set(['fchmod', 'fchown'])

/** A path, whole and as it was given. */
type Read = (of: RecordKind) => readonly [whole: Reading, raw: Reading]

const none = [absent, absent] as const

const name: Read = (of) => {
  if (of.kind === EventNumber.open) return [fileName(of), textOfRecord(of, 'raw_path')]
  if (of.kind === EventNumber.unlink) return [newPath(of), textOfRecord(of, 'raw_path')]
  if (of.kind === EventNumber.path_call && pathCalls.has(of.type)) {
    return [callPath(of), textOfRecord(of, 'raw_path')]
  }
  return descriptorCalls.has(of.type) ? [fileName(of), fileName(of)] : none
}

const source: Read = (of) => {
  switch (of.kind) {
    case EventNumber.rename:
      return [oldPath(of), textOfRecord(of, 'old_path')]
    case EventNumber.mount:
      return of.type === 'mount' ? [mountSource(of), textOfRecord(of, 'source')] : none
    case EventNumber.link:
    case EventNumber.symlink:
      return [newPath(of), textOfRecord(of, 'new_path')]
    default:
      return none
  }
}

const target: Read = (of) => {
  switch (of.kind) {
    case EventNumber.rename:
      return [newPath(of), textOfRecord(of, 'new_path')]
    case EventNumber.mount:
      return of.type === 'mount' ? [mountTarget(of), textOfRecord(of, 'target')] : none
    case EventNumber.link:
      return [oldPath(of), textOfRecord(of, 'old_path')]
    case EventNumber.symlink:
      return [
        always({ is: 'resolved', raw: of.places.text('old_path'), base: undefined }),
        textOfRecord(of, 'old_path'),
      ]
    default:
      return none
  }
}

const ofPath =
  (read: Read, which: 0 | 1): ReadField =>
  (of) =>
    where(of.done, read(of)[which])

/** `evt.abspath`; `src` and `dst` of calls with two paths. */
export const absolutePath = (argument: FieldRef['argument'], of: RecordKind): Reading => {
  const isFirst = argument === undefined || argument === 'src'
  switch (of.type) {
    case 'renameat':
    case 'renameat2':
    case 'linkat':
      if (isFirst) return oldPath(of)
      return argument === 'dst' ? newPath(of) : absent
    case 'symlinkat':
    case 'unlinkat':
      return newPath(of)
    case 'openat':
    case 'openat2':
      return fileName(of)
    case 'mkdirat':
    case 'fchmodat':
    case 'fchownat':
      return callPath(of)
    default:
      return absent
  }
}

export const pathReadings: Readings = {
  'fs.path.name': ofPath(name, 0),
  'fs.path.nameraw': ofPath(name, 1),
  'fs.path.source': ofPath(source, 0),
  'fs.path.sourceraw': ofPath(source, 1),
  'fs.path.target': ofPath(target, 0),
  'fs.path.targetraw': ofPath(target, 1),
}
