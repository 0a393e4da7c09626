/**
 * Whether two shapes of objects say the same. A pod is written each time that its status is, and
 * most of what is written nobody reads: what is derived of an object need not be made again then.
 */

type Plain = Readonly<Record<string, unknown>>

const isPlain = (value: object): value is Plain => Object.getPrototypeOf(value) === Object.prototype

const isSameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, at) => isSame(item, b[at]))

/** Lists and plain objects by what is in them; of all else, only itself is the same. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && isSameList(a, b)
  if (!isPlain(a) || !isPlain(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
}
