/** Addresses to listen on, as people write them. */
import { isIPv4, isIPv6 } from 'node:net'
import type { Listen } from '@bulwark/server'

const portMax = 65_535

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/** `127.0.0.1:7676`, `[::1]:7676`, `:7676` for every address; `undefined`: it is none. */
export const listenOf = (text: string): Listen | undefined => {
  const [, bracketed, plain = '', digits = ''] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === '' || port > portMax) return undefined
  if (bracketed !== undefined && !isIPv6(bracketed)) return undefined
  const host = bracketed ?? (plain === '' ? '::' : plain)
  return { host, port, isLoopback: isLoopback(host) }
}
