/** JSON of strangers, of which nothing is believed before it is looked at. */

export type Json = Readonly<Record<string, unknown>>

/** An object, or an array: nothing else has members. */
export const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null ? (value as Json) : undefined

/** A text that is not empty. */
export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** `undefined` when it is no JSON, too. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
