/** JSON of other programs' files, of which nothing is believed before it is looked at. */
import { readFileSync, statSync } from 'node:fs'
import { limits } from './limits.ts'

export type Json = Readonly<Record<string, unknown>>

export const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null ? (value as Json) : undefined

export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

export const asStrings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []

/** `undefined` when it is no JSON, too. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What is in a file: an object or an array. */
export const readJson = (path: string): Json | undefined => {
  try {
    if (statSync(path).size > limits.metadataBytesMax) return undefined
    return asObject(parseJson(readFileSync(path, 'utf8')))
  } catch {
    return undefined // not there, or not whole yet: tried again with the next event
  }
}
