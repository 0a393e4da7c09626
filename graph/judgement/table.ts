/**
 * The table of factors: what changes the severity of an alert, by how much, and why.
 * docs/severity.md is written from it, and users change its weights by the ids.
 *
 * A weight of 10 is one level. Weights add up, so that no order matters, and are rounded to whole
 * levels, in doubt upwards: what is less than half a level has no effect alone.
 */
import { factorWeightMost } from '@bulwark/schema'
import { cveFactors } from './cve-factors.ts'
import type { FactorRow } from './factor.ts'
import { podFactors } from './pod-factors.ts'
import { alertFactors } from './alert-factors.ts'

/** In the order of docs/severity.md. */
export const factorTable: readonly FactorRow[] = [...podFactors, ...cveFactors, ...alertFactors]

/** How weights become levels. */
export const scale = {
  /** Weights of one level. */
  levelWeight: 10,
  /** Lowering factors of this table take no more than two levels: they say that it is less bad. */
  lowerMost: 20,
  /** Most that a user may give to a factor: more than all levels. */
  weightMost: factorWeightMost,
} as const
