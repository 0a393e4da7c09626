/**
 * Empties the ring. When it is empty the doorbell is armed and the agent sleeps until the kernel
 * rings it: so a single event is handled at once. Wake-ups cost more than anything else, so when
 * too many came in a short time the ring is looked at every millisecond instead, until that
 * time is over. No bell rings for what nobody waits for: whoever drains looks now and again.
 */
import { limits } from '../limits.ts'
import type { Sensor } from './sensor.ts'

export interface Drain {
  /** Looks at the ring, bell or not. */
  look(): void
  /** Hands over what waits, until the ring is empty. For when no hook is attached any more. */
  flush(): void
  /** Hands over what waits now, and nothing that comes meanwhile. */
  catchUp(): void
  stop(): void
}

/**
 * Starts emptying the sensor's ring.
 *
 * @param onRecord  see `Ring.drain`
 * @param onFault   the ring or `onRecord` threw; the drain has stopped
 * @param onLooked  after each look: bytes that wait
 */
export const startDrain = (
  sensor: Sensor,
  onRecord: (offset: number, lengthBytes: number) => void,
  onFault: (error: unknown) => void,
  onLooked: (pendingBytes: number) => void = () => {},
): Drain => {
  const { ring } = sensor
  let timer: NodeJS.Timeout | undefined
  let turn: NodeJS.Immediate | undefined
  let stopped = false
  let window = 0
  let bells = 0

  /** Whether the bell may ring once more in this stretch of time. */
  const mayRing = (): boolean => {
    const now = Math.floor(Date.now() / limits.bellWindowMs)
    if (now !== window) bells = 0
    window = now
    return bells < limits.bellsPerWindowMax
  }

  const look = (): void => {
    if (stopped) return
    clearTimeout(timer)
    clearImmediate(turn)
    try {
      const { records, pendingBytes } = ring.drain(onRecord, limits.drainRecordsMax)
      onLooked(pendingBytes)
      if (pendingBytes > 0 && records > 0) {
        // A timer would wait for a millisecond, in which the ring fills.
        turn = setImmediate(look)
        return
      }
      if (!mayRing()) {
        timer = setTimeout(look, limits.pollMs)
        return
      }
      sensor.arm()
      // An event between the last look and the arming rang no bell.
      if (ring.pendingBytes > 0) turn = setImmediate(wake)
    } catch (error) {
      stopped = true
      ring.pause()
      onFault(error)
    }
  }

  const wake = (): void => {
    bells++
    look()
  }

  ring.onReadable(wake)
  look()
  return {
    look,
    flush: () => {
      if (stopped) return
      let { records } = ring.drain(onRecord, limits.drainRecordsMax)
      while (records > 0) ({ records } = ring.drain(onRecord, limits.drainRecordsMax))
    },
    catchUp: () => {
      if (stopped) return
      const { pendingBytes } = ring.drain(onRecord, Number.MAX_SAFE_INTEGER)
      onLooked(pendingBytes)
    },
    stop: () => {
      stopped = true
      ring.pause()
      clearTimeout(timer)
      clearImmediate(turn)
    },
  }
}
