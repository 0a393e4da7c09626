/**
 * What `resembles` means: that a value is somewhere in a long text, in any case, as far as every
 * fourth place of it tells. Wherever the value stands, one of four pieces of it begins at such a
 * place. Letters of either case are alike, and a NUL and a blank, which rules see in its place; so
 * are a few signs. So a text that has the value always resembles it, and hardly any other does.
 */

/** Places that are looked at: 0 and its multiples. */
export const alikeStep = 4

/** Bytes of a piece: of long values, and of short ones. */
const widths = { long: 7, short: 4 } as const
/** What a program compares at once. */
export type AlikeWidth = (typeof widths)[keyof typeof widths]

/** Of a shorter value, too little would be compared. */
export const alikeBytesMin = widths.short + alikeStep - 1

export const alikeWidth = (value: string): AlikeWidth =>
  value.length >= widths.long + alikeStep - 1 ? widths.long : widths.short

/** The bit that letters of either case differ in, set in every byte. */
export const caseBit = 0x20

const folded = (text: string): string =>
  Array.from(text, (letter) => String.fromCharCode(letter.charCodeAt(0) | caseBit)).join('')

/** Of the end of a value, which tells more than its begin: names in an environment begin alike. */
export const piecesOf = (value: string): readonly string[] => {
  const width = alikeWidth(value)
  const from = value.length - width - (alikeStep - 1)
  if (from < 0) throw new Error(`${JSON.stringify(value)} is too short to be looked for so`)
  return Array.from({ length: alikeStep }, (_, i) =>
    folded(value.slice(from + i, from + i + width)),
  )
}

export const resembles = (text: string, value: string): boolean => {
  const width = alikeWidth(value)
  const pieces = new Set(piecesOf(value))
  for (let at = 0; at + width <= text.length; at += alikeStep) {
    if (pieces.has(folded(text.slice(at, at + width)))) return true
  }
  return false
}
