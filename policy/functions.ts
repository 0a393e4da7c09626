/** The functions of conditions and outputs: `tolower` and so on. An absent value stays absent. */
import type { FieldValue, Scalar } from '@bulwark/schema'
import type { FunctionName } from './ir.ts'
import { lowerCase, upperCase } from './letters.ts'

const base64 = /^[A-Za-z0-9+/]*$/
/** A last letter after one, or after two: no bit of it is left over. */
const endsOfBase64: readonly (RegExp | undefined)[] = [
  /^/,
  undefined,
  /[AQgw]$/,
  /[AEIMQUYcgkosw048]$/,
]

/** Decodes; padding may be missing. `undefined` when it is not base64. */
const decodeBase64 = (text: string): string | undefined => {
  if (text === '') return ''
  const bare = text.replace(/={1,2}$/, '')
  const isWhole = endsOfBase64[bare.length % 4]?.test(bare) === true
  return bare !== '' && isWhole && base64.test(bare) ? atob(bare) : undefined
}

const asTexts = (value: FieldValue): readonly string[] =>
  (Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar]).map(String)

/** An option that getopt found. */
interface Option {
  /** Empty for one that was not asked for. */
  readonly letter: string
  /** What stands in the list for it: the letter and its value; the last one is what `[c]` gives. */
  readonly texts: readonly string[]
}

/** The letters of an optstring; true for those that take a value. */
const optionLetters = (text: string): ReadonlyMap<string, boolean> => {
  const letters = [...text.replace(/^:/, '').matchAll(/([^:])(:?):*/gs)]
  return new Map(letters.map(([, letter = '', colon]) => [letter, colon === ':']))
}

/**
 * getopt(3) over `args` (without a program name). An unknown letter gives `?`, a missing value
 * the empty text; long options are passed over, and the first other word ends the options.
 */
const getopt = (args: readonly string[], optstring: string): readonly Option[] => {
  const letters = optionLetters(optstring)
  const found: Option[] = []
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? ''
    if (word === '--' || word === '-' || !word.startsWith('-')) break
    if (word.startsWith('--')) continue
    for (let j = 1; j < word.length; j++) {
      const letter = word.charAt(j)
      const takesValue = letters.get(letter)
      if (takesValue !== true) {
        found.push(
          takesValue === undefined ? { letter: '', texts: ['?'] } : { letter, texts: [letter] },
        )
        continue
      }
      const rest = word.slice(j + 1)
      const value = rest === '' ? args[++i] : rest
      found.push({ letter, texts: value === undefined ? [''] : [letter, value] })
      break
    }
  }
  return found
}

/** What getopt gives: all that it found, or the last value of one letter. */
const optionsOf = (found: readonly Option[], letter: string | undefined): FieldValue => {
  if (letter === undefined) return found.flatMap(({ texts }) => texts)
  return found.findLast((each) => each.letter === letter)?.texts.at(-1)
}

/**
 * Calls a function.
 *
 * @param values  its arguments, of the types that the checker has checked
 * @param option  `[c]` of getopt
 */
export const callFunction = (
  name: FunctionName,
  values: readonly FieldValue[],
  option: string | undefined,
): FieldValue => {
  if (values.includes(undefined)) return undefined
  const [first, second] = values
  const each = (change: (text: string) => string | undefined): FieldValue => {
    if (typeof first === 'string') return change(first)
    const changed = asTexts(first).map(change)
    return changed.every((text) => text !== undefined) ? changed : undefined
  }
  switch (name) {
    case 'tolower':
      return each(lowerCase)
    case 'toupper':
      return each(upperCase)
    case 'b64':
      return each(decodeBase64)
    case 'basename':
      return each((text) => text.slice(text.lastIndexOf('/') + 1))
    case 'len':
      return typeof first === 'string' || Array.isArray(first)
        ? (first as string | readonly Scalar[]).length
        : undefined
    case 'join':
      return asTexts(second).join(String(first))
    case 'concat':
      return values.map(String).join('')
    case 'getopt':
      return optionsOf(getopt(asTexts(first), String(second)), option)
  }
}
