/**
 * Times as text, with the nanoseconds that `Date` does not have. An alert that comes after a while
 * of nothing finds no code in the caches: so this asks `Date` for as little as it can.
 */

const nsPerSecond = 1_000_000_000n
const secondsPerDay = 86_400

/** Whole seconds since 1970. */
const secondOf = (ns: bigint): number => Number(ns / nsPerSecond)
/** Nine digits. */
const fraction = (ns: bigint): string => String(Number(ns % nsPerSecond)).padStart(9, '0')
const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`)

/** The last day that was asked for. */
let kept = { day: 0, text: '1970-01-01' }

/** `2026-11-23`. */
const dateOf = (second: number): string => {
  const day = Math.floor(second / secondsPerDay)
  if (day !== kept.day) {
    kept = { day, text: new Date(1_000 * secondsPerDay * day).toISOString().slice(0, 10) }
  }
  return kept.text
}

/** `10:11:12`. */
const clockOf = (second: number): string => {
  const ofDay = second - secondsPerDay * Math.floor(second / secondsPerDay)
  const minutes = Math.floor(ofDay / 60)
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(ofDay % 60)}`
}

/** The second whose text in UTC is that of this one here. */
const localSecond = (second: number): number =>
  second - 60 * new Date(1_000 * second).getTimezoneOffset()

/** Local date and time: `2026-11-23`, `10:11:12.123456789`. */
export const dateParts = (ns: bigint): { readonly date: string; readonly time: string } => {
  const second = localSecond(secondOf(ns))
  return { date: dateOf(second), time: `${clockOf(second)}.${fraction(ns)}` }
}

/** `2026-11-23T10:11:12.123456789Z`. */
export const isoTime = (ns: bigint): string => timeTexts(ns).iso

/** Both texts of a time: as `isoTime` has it, and the local one of `dateParts`. */
export const timeTexts = (ns: bigint): { readonly iso: string; readonly local: string } => {
  const second = secondOf(ns)
  const parts = fraction(ns)
  return {
    iso: `${dateOf(second)}T${clockOf(second)}.${parts}Z`,
    local: `${clockOf(localSecond(second))}.${parts}`,
  }
}

/** How far the clock of this machine is from UTC at a time: `+0100`. */
export const zoneText = (ns: bigint): string => {
  const minutes = -new Date(1_000 * secondOf(ns)).getTimezoneOffset()
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
}
