/** What a factor is. */
import type { FactorId } from '@bulwark/schema'
import { refText } from '../diagnostics.ts'
import type { Fact } from '../edges.ts'
import type { AlertFacts, ContextPart, PodContext } from './context.ts'
import type { SeveritySettings } from './settings.ts'

/** `none`: it has no effect, and is worth saying. */
export type Direction = 'raise' | 'lower' | 'none'

/** A factor of one judgement. */
export interface Factor {
  /** Of its row in the table; `override.NAME` of one that a user has made. */
  readonly id: string
  readonly direction: Direction
  /** 10 is one level; not negative. */
  readonly weight: number
  /** A sentence without its full stop. */
  readonly text: string
  /** The objects that it came from. */
  readonly facts: readonly Fact[]
}

/** What a judgement is made of. */
export interface JudgedInput {
  /** `undefined`: the pod is judged, and no alert of it. */
  readonly alert: AlertFacts | undefined
  readonly context: PodContext
  readonly settings: SeveritySettings
}

export type FoundFactor = Pick<Factor, 'text' | 'facts'>

/** A row of the table. */
export interface FactorRow {
  readonly id: FactorId
  readonly direction: Direction
  readonly weight: number
  /** What must be known; `alert`: it is about the alert itself. */
  readonly part: ContextPart | 'alert'
  /** When it holds, in words, for the table. */
  readonly when: string
  /** Why it counts, and why that much. */
  readonly why: string
  /** What it says of this pod and alert; `undefined`: it does not hold. */
  readonly find: (input: JudgedInput) => FoundFactor | undefined
}

/** Where a factor came from, in words: `Ingress shop/web spec.rules[0]`. */
export const factSource = ({ object, path }: Fact): string =>
  `${refText(object)}${path === '' ? '' : ` ${path}`}`
