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

const isMap = (value: Plain): value is { readonly [key: string]: Plain } =>
  typeof value === 'object' && !Array.isArray(value)

const lines = (value: Plain): readonly string[] => {
  if (typeof value !== 'object') return [scalar(value)]
  if (Array.isArray(value)) {
    return (value as readonly Plain[]).flatMap((item) => {
      const [first = '', ...rest] = lines(item)
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)]
    })
  }
  return Object.entries(value).flatMap(([key, each]) => {
    const inner = lines(each)
    if (typeof each !== 'object') return [`${scalar(key)}: ${inner.join('')}`]
    if (inner.length === 0) return [`${scalar(key)}: ${isMap(each) ? '{}' : '[]'}`]
    return [`${scalar(key)}:`, ...inner.map((line) => `  ${line}`)]
  })
}

/** A document. Texts are of one line. */
export const writeYaml = (value: Plain): string => `${lines(value).join('\n')}\n`
