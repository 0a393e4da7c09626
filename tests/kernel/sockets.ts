/** Socket addresses as system calls take them and as records hold them; and a network to use. */
import { isIPv6 } from 'node:net'
import { Calls } from './calls.ts'
import * as api from './values.ts'

/** An address as a record holds it: 16 bytes, IPv4 in the first 4. */
export const addressBytes = (address: string): Uint8Array => {
  const bytes = new Uint8Array(16)
  if (!isIPv6(address)) {
    bytes.set(address.split('.').map(Number))
    return bytes
  }
  const [head = '', tail] = address.split('::')
  const groups = (text: string | undefined): number[] =>
    text === undefined || text === '' ? [] : text.split(':').map((group) => parseInt(group, 16))
  const write = (group: number, at: number): void => bytes.set([group >> 8, group & 0xff], at)
  groups(head).forEach((group, i) => write(group, 2 * i))
  groups(tail).forEach((group, i, all) => write(group, 16 - 2 * (all.length - i)))
  return bytes
}

const portBytes = (port: number): Uint8Array => Uint8Array.of(port >> 8, port & 0xff)

/** sockaddr_in; `family` may lie. */
export const inet = (address: string, port: number, family: number = api.AF_INET): Uint8Array =>
  Buffer.concat([
    api.pack([2, family]),
    portBytes(port),
    addressBytes(address).subarray(0, 4),
    new Uint8Array(8),
  ])

/** sockaddr_in6. */
export const inet6 = (address: string, port: number): Uint8Array =>
  Buffer.concat([
    api.pack([2, api.AF_INET6]),
    portBytes(port),
    new Uint8Array(4),
    addressBytes(address),
    new Uint8Array(4),
  ])

/** sockaddr_un; an abstract name starts with NUL. */
export const unix = (path: string): Uint8Array =>
  Buffer.concat([
    api.pack([2, api.AF_UNIX]),
    Buffer.from(path.startsWith('\0') ? path : `${path}\0`, 'latin1'),
  ])

/** Calls that `withLoopback` begins with: their results and events are not a test's own. */
export const loopbackCalls = 3

/** A list of calls that begins with a network of its own, where only the loopback is up. */
export const withLoopback = (): Calls => {
  const calls = new Calls()
  const setFlags = 0x8914
  const request = new Uint8Array(40)
  request.set(Buffer.from('lo'))
  request.set([1], 16) // IFF_UP
  calls.call('unshare', api.CLONE_NEWNET)
  const socket = calls.call('socket', api.AF_UNIX, api.SOCK_DGRAM, 0)
  calls.call('ioctl', socket, setFlags, request)
  return calls
}
