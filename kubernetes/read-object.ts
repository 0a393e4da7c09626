/** How objects of the API are read into what somebody keeps of them. */
import type { Json } from '@bulwark/schema'

/** Called with what is wrong with an object, or with a part of it that is left out. */
export type OnFlaw = (flaw: string) => void

/** Reads an object; `undefined` when it is none of the kind. */
export type ReadObject<Value> = (object: Json, onFlaw: OnFlaw) => Value | undefined

/** What was left out of an object beside its spec. */
export interface Lacks {
  readonly status: boolean
  readonly metadata: boolean
}

/**
 * Reads an object whose spec was left out, and what else it lacks: that is as it was when that
 * other value was read. It has no kind. Where something is wrong with it, all of it is read.
 */
export type ReadAgain<Value> = (
  object: Json,
  before: Value,
  lacks: Lacks,
  onFlaw: OnFlaw,
) => Value | undefined
