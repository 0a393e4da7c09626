/**
 * The event that rules are being tried on: the record where it lies in the ring, and what the
 * tables know of its process and container. One object, moved from event to event; what it points
 * to is valid until the next.
 */
import type { RecordView } from '@bulwark/schema'
import {
  EventNumber,
  PEER_NONE,
  ROLE_CLIENT,
  ROLE_SERVER,
  acceptOf,
  bindOf,
  callShapeOf,
  connectOf,
  dupOf,
  fdCallOf,
  fileFacts,
  headerOf,
  linkOf,
  listenOf,
  memoryOf,
  mountOf,
  openOf,
  receiveOf,
  pathCallOf,
  renameOf,
  sendOf,
  socketFacts,
  socketFactsAt,
  symlinkOf,
  unlinkOf,
} from '@bulwark/schema'
import type { Machine } from '@bulwark/schema'
import { addressAt } from './network/addresses.ts'
import { callArgument } from './call-argument.ts'
import type { Container } from './container/container.ts'
import { l4Protocol } from './names.ts'
import { resolvePath } from './paths.ts'
import type { Process } from './process.ts'
import type { SocketFamily } from './network/socket-view.ts'
import { SocketView } from './network/socket-view.ts'
import type { Role, Sockets } from './network/sockets.ts'

const families: Readonly<Record<number, SocketFamily | undefined>> = {
  1: 'unix',
  2: 'ipv4',
  10: 'ipv6',
}
const tcpEstablished = 1

/** The role that an earlier call on the socket has shown, as the kernel side remembers it; or that
 * its ports suggest. */
const roleTold = (r: RecordView, at: number): Role | undefined => {
  const role = socketFacts.role(r, at)
  if (role === ROLE_CLIENT) return 'client'
  return role === ROLE_SERVER ? 'server' : undefined
}

/** The same for records without it, of old captures: the end with the lower port serves. */
const roleByPorts = (localPort: number, remotePort: number): Role =>
  remotePort !== 0 && remotePort <= localPort ? 'client' : 'server'

export class LiveEvent {
  readonly record: RecordView
  readonly machine: Machine
  readonly #sockets: Sockets
  kind = 0
  /** Name of the event, as rules have it. */
  type = ''
  /** From 1. */
  sequence = 0
  process!: Process
  container: Container | undefined
  /** `ProcessTable.lineage`. */
  lineage = 0
  /** Wall time of the first event that was seen, nanoseconds. */
  watchingSinceNs: bigint | undefined
  /** Wall time minus time since boot, nanoseconds. */
  wallOffsetNs = 0n
  #socket: SocketView | undefined
  #socketRead = false
  #fileName: string | undefined
  #fileNameRead = false
  #firstNs: bigint | undefined

  /** @param machine  whose records they are */
  constructor(record: RecordView, sockets: Sockets, machine: Machine) {
    this.record = record
    this.machine = machine
    this.#sockets = sockets
  }

  /** Forgets what was read of the event before. */
  moved(): void {
    this.#firstNs ??= BigInt(headerOf.timeNs(this.record))
    this.#socketRead = false
    this.#fileNameRead = false
  }

  /** Nanoseconds since the first event that this was moved to; 0 if an earlier one comes late. */
  get sinceFirstNs(): bigint {
    const since = BigInt(headerOf.timeNs(this.record)) - (this.#firstNs ?? 0n)
    return this.#firstNs === undefined || since < 0n ? 0n : since
  }

  get timeNs(): bigint {
    return BigInt(headerOf.timeNs(this.record)) + this.wallOffsetNs
  }

  /** Name of the thread. */
  get comm(): string {
    return headerOf.comm(this.record)
  }

  /** Whether the event is the end of a system call. */
  get isSyscall(): boolean {
    return headerOf.syscall(this.record) >= 0 || this.kind === EventNumber.exec
  }

  get result(): number {
    return Number(headerOf.result(this.record))
  }

  /** The descriptor that the event is about; `undefined` when there is none. */
  get descriptor(): number | undefined {
    switch (this.kind) {
      case EventNumber.open:
      case EventNumber.dup:
      case EventNumber.accept:
      case EventNumber.socket:
        return this.result >= 0 ? this.result : -1
      case EventNumber.connect:
        return connectOf.fd(this.record)
      case EventNumber.send:
        return sendOf.fd(this.record)
      case EventNumber.receive:
        return receiveOf.fd(this.record)
      case EventNumber.listen:
        return listenOf.fd(this.record)
      case EventNumber.bind:
        return bindOf.fd(this.record)
      case EventNumber.memory:
        return memoryOf.fd(this.record)
      case EventNumber.fd_call:
        return this.#callDescriptor()
      default:
        return undefined
    }
  }

  /** The descriptor that a call told in a shape is about. */
  #callDescriptor(): number {
    const { parameters } = callShapeOf(this.type)
    const index = parameters.find(({ form }) => form === 'fd')?.index ?? 0
    return Number(BigInt.asIntN(32, BigInt(callArgument(this.record, index))))
  }

  /** Offset of the facts of the file behind the descriptor. */
  get fileAt(): number | undefined {
    if (this.kind === EventNumber.open) return openOf.fileAt
    if (this.kind === EventNumber.fd_call) return fdCallOf.fileAt
    if (this.kind === EventNumber.memory) return memoryOf.fileAt
    return this.kind === EventNumber.dup ? dupOf.fileAt : undefined
  }

  #socketAt(): number | undefined {
    switch (this.kind) {
      case EventNumber.connect:
        return connectOf.socketAt
      case EventNumber.accept:
        return acceptOf.socketAt
      case EventNumber.listen:
        return listenOf.socketAt
      case EventNumber.bind:
        return bindOf.socketAt
      case EventNumber.send:
        return sendOf.socketAt
      case EventNumber.receive:
        return receiveOf.socketAt
      case EventNumber.fd_call:
        return fdCallOf.socketAt
      case EventNumber.dup:
        return dupOf.socketAt
      default:
        return undefined
    }
  }

  /** The socket that the event is about; `undefined` when there is none. */
  get socket(): SocketView | undefined {
    if (!this.#socketRead) {
      this.#socketRead = true
      this.#socket = this.#readSocket()
    }
    return this.#socket
  }

  #readSocket(): SocketView | undefined {
    const r = this.record
    const at = this.#socketAt()
    const number = at === undefined ? 0 : socketFacts.family(r, at)
    if (at === undefined || number === 0) return undefined
    const family = families[number] ?? 'other'
    const localPort = socketFacts.localPort(r, at)
    const remotePort = socketFacts.remotePort(r, at)
    const localAddress = addressAt(number, r.data, r.at + at + socketFactsAt.localAddress)
    const remoteAddress = addressAt(number, r.data, r.at + at + socketFactsAt.remoteAddress)
    const isInet = family === 'ipv4' || family === 'ipv6'
    return new SocketView({
      family: typeof localAddress === 'number' && isInet ? 'ipv4' : family,
      localAddress,
      remoteAddress,
      localPort,
      remotePort,
      role: this.#roleShown() ?? roleTold(r, at) ?? roleByPorts(localPort, remotePort),
      protocol: isInet
        ? l4Protocol(socketFacts.protocol(r, at), socketFacts.type(r, at))
        : undefined,
      connected: socketFacts.state(r, at) === tcpEstablished,
      path: isInet ? undefined : this.#unixPath(),
      hasPeer: socketFacts.remoteSource(r, at) !== PEER_NONE,
      inode: socketFacts.inode(r, at),
      sockets: this.#sockets,
    })
  }

  /** The role that the event itself shows. */
  #roleShown(): Role | undefined {
    if (this.kind === EventNumber.connect) return 'client'
    const serves =
      this.kind === EventNumber.accept ||
      this.kind === EventNumber.listen ||
      this.kind === EventNumber.bind
    return serves ? 'server' : undefined
  }

  #unixPath(): string {
    switch (this.kind) {
      case EventNumber.connect:
        return connectOf.unixPath(this.record)
      case EventNumber.accept:
        return acceptOf.unixPath(this.record)
      case EventNumber.listen:
        return listenOf.unixPath(this.record)
      case EventNumber.bind:
        return bindOf.unixPath(this.record)
      case EventNumber.send:
        return sendOf.unixPath(this.record)
      case EventNumber.receive:
        return receiveOf.unixPath(this.record)
      case EventNumber.fd_call:
        return fdCallOf.path(this.record)
      case EventNumber.dup:
        return dupOf.path(this.record)
      default:
        return ''
    }
  }

  /** Whether the event is of a message that this process sends. */
  get isSend(): boolean {
    return this.kind === EventNumber.send
  }

  /** First bytes of the message; `undefined` when the event is of none. */
  get payload(): string | undefined {
    switch (this.kind) {
      case EventNumber.send:
        return sendOf.payload(this.record)
      case EventNumber.receive:
        return receiveOf.payload(this.record)
      default:
        return undefined
    }
  }

  /** Path of the file behind the descriptor; of one that could not be opened, too. */
  get fileName(): string | undefined {
    if (!this.#fileNameRead) {
      this.#fileNameRead = true
      this.#fileName = this.#readFileName()
    }
    return this.#fileName
  }

  #readFileName(): string | undefined {
    if (this.kind === EventNumber.dup) {
      return this.socket ? undefined : dupOf.path(this.record)
    }
    if (this.kind === EventNumber.fd_call) {
      const inode = fileFacts.inode(this.record, fdCallOf.fileAt)
      return this.socket || inode === 0 ? undefined : fdCallOf.path(this.record)
    }
    if (this.kind === EventNumber.memory) return memoryOf.path(this.record) || undefined
    if (this.kind !== EventNumber.open) return undefined
    const path = openOf.path(this.record)
    return path === '' ? resolvePath(openOf.base(this.record), openOf.rawPath(this.record)) : path
  }

  /** The path that a call told in a shape is about. */
  get callPath(): string | undefined {
    const r = this.record
    if (this.kind !== EventNumber.path_call) return undefined
    return pathCallOf.path(r) || resolvePath(pathCallOf.base(r), pathCallOf.rawPath(r))
  }

  /** The two sides of a mount. */
  get mountSource(): string | undefined {
    const given = mountOf.sourceResolved(this.record) || mountOf.source(this.record)
    return given === '' ? undefined : resolvePath(mountOf.sourceBase(this.record), given)
  }

  get mountTarget(): string {
    const r = this.record
    return mountOf.targetResolved(r) || resolvePath(mountOf.targetBase(r), mountOf.target(r))
  }

  /**
   * The two paths of a rename, link or symlink; what a link points to is as it was given. Those
   * that the kernel has resolved, where the record has them.
   */
  get oldPath(): string | undefined {
    const r = this.record
    if (this.kind === EventNumber.symlink) return symlinkOf.oldResolved(r) || symlinkOf.oldPath(r)
    if (this.kind !== EventNumber.link && this.kind !== EventNumber.rename) return undefined
    const of = this.kind === EventNumber.link ? linkOf : renameOf
    return of.oldResolved(r) || resolvePath(of.oldBase(r), of.oldPath(r))
  }

  get newPath(): string | undefined {
    const r = this.record
    switch (this.kind) {
      case EventNumber.rename:
      case EventNumber.link:
      case EventNumber.symlink:
        // The three kinds have the same members.
        return renameOf.newResolved(r) || resolvePath(renameOf.newBase(r), renameOf.newPath(r))
      case EventNumber.unlink:
        return unlinkOf.path(r) || resolvePath(unlinkOf.base(r), unlinkOf.rawPath(r))
      default:
        return undefined
    }
  }

  /** Type and permissions of the file behind the descriptor. */
  get fileMode(): number {
    return this.fileAt === undefined ? 0 : fileFacts.mode(this.record, this.fileAt)
  }
}
