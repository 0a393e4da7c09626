/** Times as text, with the nanoseconds that `Date` does not have. */

const fraction = (ns: bigint): string => (ns % 1_000_000_000n).toString().padStart(9, '0')
const two = (value: number): string => String(value).padStart(2, '0')

/** Local date and time: `2026-11-23`, `10:11:12.123456789`. */
export const dateParts = (ns: bigint): { readonly date: string; readonly time: string } => {
  const at = new Date(Number(ns / 1_000_000n))
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return { date, time: `${clock}.${fraction(ns)}` }
}

/** `2026-11-23T10:11:12.123456789Z`. */
export const isoTime = (ns: bigint): string =>
  `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19)}.${fraction(ns)}Z`

/** How far the clock of this machine is from UTC at a time: `+0100`. */
export const zoneText = (ns: bigint): string => {
  const minutes = -new Date(Number(ns / 1_000_000n)).getTimezoneOffset()
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
}
