/** Addresses to listen on, as people write them. */
import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Listen } from '@bulwark/server'

const portMax = 65_535

const isLoopback = (host: string): boolean =>
  host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/** Whether there is IPv6 at all: a kernel may be started without it. */
const hasIPv6 = (): boolean =>
  Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'))

/**
 * A name for one address. `localhost` could be two, which are two sockets: one server has one, so
 * that all that holds for it, such as a certificate that is renewed, holds for whoever comes.
 */
const addressOf = (host: string, isV6: () => boolean): string => {
  if (host.toLowerCase() === 'localhost') return '127.0.0.1'
  if (host !== '') return host
  return isV6() ? '::' : '0.0.0.0'
}

/** `127.0.0.1:7676`, `[::1]:7676`, `:7676` for every address; `undefined`: it is none. */
export const listenOf = (text: string, isV6 = hasIPv6): Listen | undefined => {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port > portMax) return undefined
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined
  const host = bracketed ?? addressOf(plain, isV6)
  return { host, port, isLoopback: isLoopback(host) }
}
