/**
 * Whether a container has ever connected to somewhere else: what a rule needs that tells the first
 * connection of one that never made any. One bit a container, set after the rules have seen the
 * event, so that they still see how it was before.
 */
import { EventNumber } from '@bulwark/schema'
import type { IpAddress } from '@bulwark/schema'
import type { LiveEvent } from '../live-event.ts'

const loopbackNet = 127
const loopback6 = 1n

const isLoopback = (address: IpAddress): boolean =>
  typeof address === 'number' ? address >>> 24 === loopbackNet : address === loopback6

/** Notes a connection, or a message without one, that its container sends out. */
export const noteOutbound = (event: LiveEvent): void => {
  const { container, kind } = event
  if (!container || container.hasConnected) return
  if (kind !== EventNumber.connect && kind !== EventNumber.send) return
  const { socket } = event
  if (!socket || (socket.family !== 'ipv4' && socket.family !== 'ipv6')) return
  if (socket.remotePort === 0 || socket.role !== 'client' || isLoopback(socket.remoteAddress))
    return
  container.hasConnected = true
}

/**
 * For how long a container has been watched, in whole seconds: since it was made, or since the
 * agent looks on. `undefined` on the host, and where the runtime does not tell the start.
 */
export const watchedSeconds = (event: LiveEvent): number | undefined => {
  const startedNs = event.container?.metadata?.startedNs
  if (startedNs === undefined) return undefined
  const watchingNs = event.watchingSinceNs ?? startedNs
  const watchedNs = event.timeNs - (startedNs > watchingNs ? startedNs : watchingNs)
  return watchedNs < 0n ? 0 : Number(watchedNs / 1_000_000_000n)
}
