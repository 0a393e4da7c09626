/** Resource versions: opaque texts, which are numbers that go up with every API server of note. */

const number = /^[0-9]{1,30}$/

/** Whether a version is older than another; not when either is no number. */
export const isOlder = (version: string, than: string): boolean => {
  if (!number.test(version) || !number.test(than)) return false
  return BigInt(version) < BigInt(than)
}
