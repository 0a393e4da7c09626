/**
 * Accessors of `fs.path.*`: the paths of calls that worked. Of two, the source is what there was;
 * of a link it is the new name, and the target what it leads to.
 */
import {
  EventNumber,
  linkOf,
  mountOf,
  openOf,
  pathCallOf,
  renameOf,
  symlinkOf,
  unlinkOf,
} from '@bulwark/schema'
import type { LiveEvent } from '../live-event.ts'
import { resolvePath } from '../paths.ts'
import type { AccessorTable, MakeAccessor } from './reader.ts'
import { plain } from './reader.ts'

/** A path, whole and as it was given. */
type Read = (event: LiveEvent) => readonly [whole: string | undefined, raw: string | undefined]

const none = [undefined, undefined] as const

/** Calls told in a shape that name one path. */
const pathCalls: ReadonlySet<string> = new Set(
  'mkdir mkdirat rmdir chmod fchmodat chown lchown fchownat umount umount2 quotactl'.split(' '),
)
const descriptorCalls: ReadonlySet<string> = new Set(['fchmod', 'fchown'])

const name: Read = (event) => {
  const { record, type } = event
  if (event.kind === EventNumber.open) return [event.fileName, openOf.rawPath(record)]
  if (event.kind === EventNumber.unlink) return [event.newPath, unlinkOf.rawPath(record)]
  if (event.kind === EventNumber.path_call && pathCalls.has(type)) {
    return [event.callPath, pathCallOf.rawPath(record)]
  }
  if (descriptorCalls.has(type)) return [event.fileName, event.fileName]
  return none
}

const source: Read = (event) => {
  const { record } = event
  switch (event.kind) {
    case EventNumber.rename:
      return [event.oldPath, renameOf.oldPath(record)]
    case EventNumber.mount:
      return event.type === 'mount' ? [event.mountSource, mountOf.source(record)] : none
    case EventNumber.link:
      return [event.newPath, linkOf.newPath(record)]
    case EventNumber.symlink:
      return [event.newPath, symlinkOf.newPath(record)]
    default:
      return none
  }
}

const target: Read = (event) => {
  const { record } = event
  switch (event.kind) {
    case EventNumber.rename:
      return [event.newPath, renameOf.newPath(record)]
    case EventNumber.mount:
      return event.type === 'mount' ? [event.mountTarget, mountOf.target(record)] : none
    case EventNumber.link:
      return [event.oldPath, linkOf.oldPath(record)]
    case EventNumber.symlink: {
      const given = symlinkOf.oldPath(record)
      return [resolvePath(event.process.cwd, given), given]
    }
    default:
      return none
  }
}

const whole = (read: Read): MakeAccessor =>
  plain((event) => (event.result < 0 ? undefined : read(event)[0]))
const raw = (read: Read): MakeAccessor =>
  plain((event) => (event.result < 0 ? undefined : read(event)[1]))

export const fsPathAccessors: AccessorTable = {
  'fs.path.name': whole(name),
  'fs.path.nameraw': raw(name),
  'fs.path.source': whole(source),
  'fs.path.sourceraw': raw(source),
  'fs.path.target': whole(target),
  'fs.path.targetraw': raw(target),
}
