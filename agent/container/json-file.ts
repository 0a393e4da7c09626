/** JSON of other programs' files, of which nothing is believed before it is looked at. */
import { readFileSync, statSync } from 'node:fs'
import type { Json } from '@bulwark/schema'
import { asObject, parseJson } from '@bulwark/schema'
import { limits } from '../limits.ts'

export const asStrings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []

/** What is in a file: an object or an array. */
export const readJson = (path: string): Json | undefined => {
  try {
    if (statSync(path).size > limits.metadataBytesMax) return undefined
    return asObject(parseJson(readFileSync(path, 'utf8')))
  } catch {
    return undefined // not there, or not whole yet: tried again with the next event
  }
}
