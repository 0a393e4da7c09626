/** Writes plain values as YAML, in prettier's form. */

/** What JSON can say. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain }

/** Texts that no reader takes for anything else. */
const isSafe = (text: string): boolean =>
  /^[A-Za-z_/.][A-Za-z0-9_/.-]*( [A-Za-z0-9_/.()-]+)*$/.test(text) &&
  !/^(?:true|false|yes|no|on|off|y|n|null|\.)$/i.test(text)

const scalar = (value: string | number | boolean): string =>
  typeof value !== 'string' || isSafe(value) ? String(value) : quoted(value)

/** Double quotes where those save a backslash's meaning or a doubled single quote. */
const quoted = (text: string): string =>
  text.includes("'") && !/["\\]/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "''")}'`

type PlainMap = { readonly [key: string]: Plain }

const isMap = (value: PlainMap | readonly Plain[]): value is PlainMap => !Array.isArray(value)

const indented = (some: readonly string[]): readonly string[] => some.map((line) => `  ${line}`)

/** The lines of an item of a list: its first one behind the dash. */
const itemLines = (item: Plain): readonly string[] => {
  const [first = '', ...rest] = lines(item)
  return [`- ${first}`].concat(indented(rest))
}

const entryLines = (key: string, value: Plain): readonly string[] => {
  const inner = lines(value)
  if (typeof value !== 'object') return [`${scalar(key)}: ${inner.join('')}`]
  if (inner.length === 0) return [`${scalar(key)}: ${isMap(value) ? '{}' : '[]'}`]
  return [`${scalar(key)}:`].concat(indented(inner))
}

const lines = (value: Plain): readonly string[] => {
  if (typeof value !== 'object') return [scalar(value)]
  return isMap(value)
    ? Object.entries(value).flatMap(([key, each]) => entryLines(key, each))
    : value.flatMap(itemLines)
}

/** A document. Texts are of one line. */
export const writeYaml = (value: Plain): string => `${lines(value).join('\n')}\n`
