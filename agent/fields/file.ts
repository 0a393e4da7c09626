/** Accessors of `fd.*`. */
import {
  EventNumber,
  FILE_LOWER_LAYER,
  FILE_UPPER_LAYER,
  fileFacts,
  headerOf,
  openOf,
} from '@bulwark/schema'
import type { FieldValue, IpAddress } from '@bulwark/schema'
import { shortId } from '../container/container.ts'
import type { LiveEvent } from '../live-event.ts'
import type { SocketView } from '../network/socket-view.ts'
import { fileLetter, fileType, hasFailed } from '../file-type.ts'
import { directoryOf, fileNameOf } from '../paths.ts'
import type { Accessor, AccessorTable, MakeAccessor } from './reader.ts'
import { plain } from './reader.ts'

/** A letter also for what could not be opened. */
const typeLetter: Accessor = (event) =>
  fileLetter(event) ?? (event.fileName === undefined ? undefined : 'f')

const inet = (event: LiveEvent): SocketView | undefined => {
  const { socket } = event
  return socket && (socket.family === 'ipv4' || socket.family === 'ipv6') ? socket : undefined
}

type End = 'local' | 'remote' | 'client' | 'server'

const isLocal = (socket: SocketView, end: End): boolean =>
  end === 'local' ||
  (end === 'client' ? socket.role === 'client' : end === 'server' && socket.role === 'server')

const address = (socket: SocketView, end: End): IpAddress =>
  isLocal(socket, end) ? socket.localAddress : socket.remoteAddress
const port = (socket: SocketView, end: End): number =>
  isLocal(socket, end) ? socket.localPort : socket.remotePort

const ofInet = (read: (socket: SocketView) => FieldValue): MakeAccessor =>
  plain((event) => {
    const socket = inet(event)
    return socket && read(socket)
  })

const addressAt = (end: End): MakeAccessor => ofInet((socket) => address(socket, end))
const portAt = (end: End): MakeAccessor => ofInet((socket) => port(socket, end))

const ofFile = (read: (event: LiveEvent, at: number) => FieldValue): MakeAccessor =>
  plain((event) =>
    event.fileAt === undefined || event.socket || hasFailed(event)
      ? undefined
      : read(event, event.fileAt),
  )

const layer = (bit: number): MakeAccessor =>
  ofFile((event, at) => {
    const flags = fileFacts.fileFlags(event.record, at)
    const overlay = (flags & (FILE_UPPER_LAYER | FILE_LOWER_LAYER)) !== 0
    return overlay ? (flags & bit) !== 0 : undefined
  })

/** The directory of a file; of a directory, itself. */
const directoryName = (event: LiveEvent): string | undefined => {
  const path = event.socket === undefined ? event.fileName : undefined
  const type = fileType(event)
  if (path === undefined || (type !== undefined && type !== 'file' && type !== 'directory')) {
    return undefined
  }
  return type === 'directory' ? path : directoryOf(path)
}

const ofContainer = (read: (event: LiveEvent) => string | undefined): MakeAccessor =>
  plain((event) => {
    const text = read(event)
    const id = event.container ? shortId(event.container) : 'host'
    return text === undefined ? undefined : `${id}:${text}`
  })

const nameOf = (event: LiveEvent): string | undefined => event.socket?.name ?? event.fileName

const portText = (end: End): MakeAccessor => ofInet((socket) => String(port(socket, end)))

/** What only sockets have, and what stands for it where the descriptor is another. */
const ofSocket = (read: (socket: SocketView) => FieldValue, other: FieldValue): MakeAccessor =>
  plain((event) => {
    if (event.socket) return read(event.socket)
    return fileType(event) === undefined ? undefined : other
  })

const bothAddresses = ofInet((socket) => socket.addresses)

export const fileAccessors: AccessorTable = {
  'fd.num': plain((event) => event.descriptor),
  'fd.type': plain(fileType),
  'fd.typechar': plain(typeLetter),
  'fd.name': plain(nameOf),
  'fd.directory': plain(directoryName),
  'fd.filename': plain((event) =>
    fileType(event) === 'file' ? fileNameOf(event.fileName ?? '') : undefined,
  ),
  'fd.containername': ofContainer(nameOf),
  'fd.containerdirectory': ofContainer(directoryName),
  'fd.uid': plain((event) => {
    const { descriptor } = event
    return descriptor === undefined ? undefined : `${headerOf.tid(event.record)}${descriptor}`
  }),
  'fd.nameraw': plain((event) => {
    if (event.kind !== EventNumber.open) return undefined
    const raw = openOf.rawPath(event.record)
    return raw.includes('//') ? raw.replace(/\/+/g, '/') : raw
  }),
  'fd.ip': bothAddresses,
  'fd.net': bothAddresses,
  'fd.cip': addressAt('client'),
  'fd.sip': addressAt('server'),
  'fd.lip': addressAt('local'),
  'fd.rip': addressAt('remote'),
  'fd.cnet': addressAt('client'),
  'fd.snet': addressAt('server'),
  'fd.lnet': addressAt('local'),
  'fd.rnet': addressAt('remote'),
  'fd.cip.name': addressAt('client'),
  'fd.sip.name': addressAt('server'),
  'fd.lip.name': addressAt('local'),
  'fd.rip.name': addressAt('remote'),
  'fd.port': ofInet((socket) => socket.ports),
  'fd.cport': portAt('client'),
  'fd.sport': portAt('server'),
  'fd.lport': portAt('local'),
  'fd.rport': portAt('remote'),
  'fd.proto': ofInet((socket) => socket.ports),
  'fd.cproto': portText('client'),
  'fd.sproto': portText('server'),
  'fd.lproto': portText('local'),
  'fd.rproto': portText('remote'),
  'fd.l4proto': ofSocket((socket) => socket.protocol ?? '<NA>', '<NA>'),
  'fd.sockfamily': plain(({ socket }) => {
    if (!socket || socket.family === 'other') return undefined
    return socket.family === 'unix' ? 'unix' : 'ip'
  }),
  'fd.is_server': plain(({ socket }) => socket && socket.role === 'server'),
  'fd.connected': ofSocket((socket) => socket.connected, false),
  'fd.name_changed': ofSocket((socket) => socket.nameChanged, false),
  'fd.dev': ofFile((event, at) => fileFacts.device(event.record, at)),
  'fd.dev.major': ofFile((event, at) => fileFacts.device(event.record, at) >>> 20),
  'fd.dev.minor': ofFile((event, at) => fileFacts.device(event.record, at) & 0xf_ffff),
  'fd.ino': ofFile((event, at) => fileFacts.inode(event.record, at)),
  'fd.is_upper_layer': layer(FILE_UPPER_LAYER),
  'fd.is_lower_layer': layer(FILE_LOWER_LAYER),
}
