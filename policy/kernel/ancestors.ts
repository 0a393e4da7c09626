/**
 * The ancestors of a process, as a filter finds them when it looks at a record a second time. The
 * first look is at the record alone. Of what that lets through, a program of bpf/ancestors.bpf.h
 * asks the kernel who is above the process, and the second look is at both.
 *
 * What it is told lies right behind the largest record (`struct ancestors`), so a plan has tests on
 * it as on members of a record, at offsets from RECORD_BYTES_MAX on.
 */
import { RECORD_BYTES_MAX } from '@bulwark/schema'
import { allOf, anyOf } from './make-plan.ts'
import type { NumberAt, Plan, TextAt } from './plan.ts'
import { everything } from './plan.ts'
import type { BytesRead } from './plan-tests.ts'
import { someTest } from './plan-tests.ts'

/** Names that are told at most: the parent's is the first. */
export const ancestorsMax = 8

const nameBytes = 16
const namesAt = 8

/** `struct ancestors`: its size, and offsets of its members in it. */
export const ancestorsLayout = {
  bytes: namesAt + nameBytes * ancestorsMax,
  members: { known: 0, more: 4, names: namesAt },
} as const

/** How many names are told. */
export const knownAt: NumberAt = { offset: RECORD_BYTES_MAX, bytes: 4, signed: false }

/** Not 0: there are others above those, or may be. */
export const moreAt: NumberAt = { offset: RECORD_BYTES_MAX + 4, bytes: 4, signed: false }

/** The name of an ancestor: 1 is the parent; up to `ancestorsMax`. */
export const ancestorNameAt = (level: number): TextAt => ({
  is: 'chars',
  offset: RECORD_BYTES_MAX + namesAt + nameBytes * (level - 1),
  bytes: nameBytes,
})

/** What a filter is told where it looks once: nothing. */
export const noAncestors: Uint8Array = (() => {
  const bytes = new Uint8Array(ancestorsLayout.bytes)
  bytes[ancestorsLayout.members.more] = 1
  return bytes
})()

const isOfAncestors = ({ offset }: BytesRead): boolean => offset >= RECORD_BYTES_MAX

/** The plan of the first look: lets through what the whole one does for some ancestors. */
export const firstLook = (plan: Plan): Plan => {
  switch (plan.is) {
    case 'constant':
      return plan
    case 'and':
    case 'or': {
      const members = plan.members.map(firstLook)
      // Both looks have what asks for no ancestors, which is optimised once for both.
      if (members.every((member, i) => member === plan.members[i])) return plan
      return plan.is === 'and' ? allOf(members) : anyOf(members)
    }
    case 'not':
    default:
      return needsSecondLook(plan) ? everything : plan
  }
}

/** Whether a plan tells records apart by the ancestors of their process. */
export const needsSecondLook = (plan: Plan): boolean => someTest(plan, isOfAncestors)
