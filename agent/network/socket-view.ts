/** A socket of an event, both ends in order of role. Texts are made when a rule asks. */
import type { IpAddress } from '@bulwark/schema'
import { addressText } from './addresses.ts'
import type { Role, Sockets } from './sockets.ts'

export type SocketFamily = 'ipv4' | 'ipv6' | 'unix' | 'other'

const endText = (address: IpAddress, port: number): string =>
  `${typeof address === 'bigint' ? `[${addressText(address)}]` : addressText(address)}:${port}`

/** An address and a port as one number. */
const endOf = (address: IpAddress, port: number): number | bigint =>
  typeof address === 'number' ? address * 0x1_0000 + port : (address << 16n) | BigInt(port)

type MadeLate = 'name' | 'localName' | 'remoteName' | 'addresses' | 'ports' | 'nameChanged'

type SocketParts = Omit<SocketView, MadeLate> & {
  readonly inode: number | bigint
  /** Its name, where that is not its ends: a path. */
  readonly path: string | undefined
  readonly hasPeer: boolean
  /** What sockets were used for before. */
  readonly sockets: Sockets
}

export class SocketView {
  readonly family: SocketFamily
  readonly localAddress: IpAddress
  readonly remoteAddress: IpAddress
  readonly localPort: number
  readonly remotePort: number
  readonly role: Role
  readonly protocol: string | undefined
  readonly connected: boolean
  readonly #hasPeer: boolean
  readonly #path: string | undefined
  #addresses: readonly IpAddress[] | undefined
  #ports: readonly number[] | undefined
  #name: string | undefined
  readonly #inode: number | bigint
  readonly #sockets: Sockets
  #nameChanged: boolean | undefined

  constructor(parts: SocketParts) {
    this.family = parts.family
    this.localAddress = parts.localAddress
    this.remoteAddress = parts.remoteAddress
    this.localPort = parts.localPort
    this.remotePort = parts.remotePort
    this.role = parts.role
    this.protocol = parts.protocol
    this.connected = parts.connected
    this.#hasPeer = parts.hasPeer
    this.#path = parts.path
    this.#name = parts.path
    this.#inode = parts.inode
    this.#sockets = parts.sockets
  }

  /** Both addresses, and both ports. */
  get addresses(): readonly IpAddress[] {
    this.#addresses ??= [this.localAddress, this.remoteAddress]
    return this.#addresses
  }

  get ports(): readonly number[] {
    this.#ports ??= [this.localPort, this.remotePort]
    return this.#ports
  }

  get name(): string {
    this.#name ??= this.#ends()
    return this.#name
  }

  /** The end of this machine. */
  get localName(): string {
    return this.#path ?? endText(this.localAddress, this.localPort)
  }

  /** The other end; `undefined` when there is none. */
  get remoteName(): string | undefined {
    if (this.#path !== undefined) return this.#path
    return this.#hasPeer ? endText(this.remoteAddress, this.remotePort) : undefined
  }

  /** The ends are others than at the event of this socket of which a rule asked this last. */
  get nameChanged(): boolean {
    this.#nameChanged ??= this.#noteEnds()
    return this.#nameChanged
  }

  #noteEnds(): boolean {
    const isInet = this.#path === undefined
    const local = this.#path ?? endOf(this.localAddress, this.localPort)
    const remote = isInet && this.#hasPeer ? endOf(this.remoteAddress, this.remotePort) : -1
    return this.#sockets.renamed(this.#inode, this.role, local, remote)
  }

  #ends(): string {
    const local = endText(this.localAddress, this.localPort)
    if (!this.#hasPeer) return local
    const remote = endText(this.remoteAddress, this.remotePort)
    return this.role === 'client' ? `${local}->${remote}` : `${remote}->${local}`
  }
}
