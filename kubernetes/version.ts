/** Resource versions: opaque texts, which are numbers that go up with every API server of note. */

const number = /^(?:0|[1-9][0-9]{0,29})$/

/** Whether it is a number, as all are that are known. */
export const isNumber = (version: string): boolean => number.test(version)

/** Whether a version is older than another; not when either is no number. */
export const isOlder = (version: string, than: string): boolean => {
  const isLess = version.length === than.length ? version < than : version.length < than.length
  return isLess && isNumber(version) && isNumber(than)
}
