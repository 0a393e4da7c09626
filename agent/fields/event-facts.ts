/** Accessors of `evt.*` that tell what kind of thing an event is. */
import {
  descriptorCategory,
  eventCategory,
  readingTypes,
  waitingTypes,
  writingTypes,
} from '@bulwark/schema'
import type { FieldValue } from '@bulwark/schema'
import type { LiveEvent } from '../live-event.ts'
import { fileType } from '../file-type.ts'
import type { Accessor, AccessorTable, MakeAccessor } from './reader.ts'
import { plain } from './reader.ts'

const constant = (value: FieldValue): MakeAccessor => plain(() => value)

const category: Accessor = (event) => {
  const found = eventCategory(event.type)
  return found === 'io' ? descriptorCategory(fileType(event) ?? '') : found
}

const reads = ({ type }: LiveEvent): boolean => readingTypes.has(type)
const writes = ({ type }: LiveEvent): boolean => writingTypes.has(type)

/** What a failed call is counted as: by its descriptor, else by what it would have made. */
const subject = (event: LiveEvent): 'file' | 'net' | 'memory' | 'other' => {
  const type = fileType(event)
  if (type === 'file' || type === 'directory') return 'file'
  if (type === 'ipv4' || type === 'ipv6' || type === 'unix') return 'net'
  if (type !== undefined) return 'other'
  if (/^(?:open|openat|openat2|open_by_handle_at|creat)$/.test(event.type)) return 'file'
  if (/^(?:accept|accept4|connect)$/.test(event.type)) return 'net'
  return eventCategory(event.type) === 'memory' ? 'memory' : 'other'
}

const errors = (of?: ReturnType<typeof subject>): MakeAccessor =>
  plain((event) => {
    if (!event.isSyscall || (of !== undefined && subject(event) !== of)) return undefined
    return event.result < 0 ? 1 : 0
  })

const isInet = (event: LiveEvent): boolean => {
  const type = fileType(event)
  return type === 'ipv4' || type === 'ipv6'
}

const isFile = (event: LiveEvent): boolean => fileType(event) === 'file'

/** Bytes that were read or written; by events that pass the test. */
const bytesMoved = (test: (event: LiveEvent) => boolean = () => true): MakeAccessor =>
  plain((event) => {
    const moves = reads(event) || writes(event)
    if (!moves || event.result < 0 || fileType(event) === undefined) return undefined
    return test(event) ? event.result : undefined
  })

/** The path of a call that takes a directory's descriptor; `src` and `dst` where it takes two. */
const absolutePath: MakeAccessor = (argument) => {
  const isFirst = argument === undefined || argument === 'src'
  return (event) => {
    switch (event.type) {
      case 'renameat':
      case 'renameat2':
      case 'linkat':
        if (isFirst) return event.oldPath
        return argument === 'dst' ? event.newPath : undefined
      case 'symlinkat':
      case 'unlinkat':
        return event.newPath
      case 'openat':
      case 'openat2':
        return event.fileName
      case 'mkdirat':
      case 'fchmodat':
      case 'fchownat':
        return event.callPath
      default:
        return undefined
    }
  }
}

export const eventFactAccessors: AccessorTable = {
  'evt.is_async': constant(false),
  'evt.latency': constant(0),
  'evt.latency.s': constant(0),
  'evt.latency.ns': constant(0),
  'evt.latency.quantized': constant(0),
  'evt.latency.human': constant('0ns'),
  'evt.wait_latency': constant(0),
  'evt.category': plain(category),
  'evt.is_io': plain((event) => reads(event) || writes(event)),
  'evt.is_io_read': plain(reads),
  'evt.is_io_write': plain(writes),
  'evt.io_dir': plain((event) => {
    if (writes(event)) return 'write'
    return reads(event) ? 'read' : undefined
  }),
  'evt.is_wait': plain(({ type }) => waitingTypes.has(type)),
  'evt.is_syslog': plain(
    (event) => writes(event) && event.socket?.name.includes('/dev/log') === true,
  ),
  'evt.count': constant(1),
  'evt.count.error': errors(),
  'evt.count.error.file': errors('file'),
  'evt.count.error.net': errors('net'),
  'evt.count.error.memory': errors('memory'),
  'evt.count.error.other': errors('other'),
  'evt.count.exit': constant(1),
  'evt.count.procinfo': constant(0),
  'evt.count.threadinfo': constant(0),
  'evt.abspath': absolutePath,
  'evt.buflen': bytesMoved(),
  'evt.buflen.file': bytesMoved(isFile),
  'evt.buflen.file.in': bytesMoved((event) => isFile(event) && reads(event)),
  'evt.buflen.file.out': bytesMoved((event) => isFile(event) && writes(event)),
  'evt.buflen.in': bytesMoved(reads),
  'evt.buflen.out': bytesMoved(writes),
  'evt.buflen.net': bytesMoved(isInet),
  'evt.buflen.net.in': bytesMoved((event) => isInet(event) && reads(event)),
  'evt.buflen.net.out': bytesMoved((event) => isInet(event) && writes(event)),
}
