/** Names of those above a process: the kernel tells as many as are sure. See ancestors.ts. */
import { ancestorNameAt, ancestorsMax, knownAt, moreAt } from './ancestors.ts'
import { allOf, inverse, numberBelow, numberIn } from './make-plan.ts'
import type { Plan } from './plan.ts'
import type { Case, Possible, Reading } from './reading.ts'
import { always, unknown } from './reading.ts'
import type { ReadField, Readings } from './record-kind.ts'

const isUntold: Possible = unknown('ancestors of one that may have got another parent')

/** There are at least so many ancestors, and their names are told. */
const isKnown = (level: number): Plan => inverse(numberBelow(knownAt, BigInt(level)))

const hasMore: Plan = inverse(numberIn(moreAt, [0n]))

const isUnsure = (level: number): Plan => allOf([inverse(isKnown(level)), hasMore])

const told = (level: number): Case => ({
  when: isKnown(level),
  value: { is: 'text', at: ancestorNameAt(level), isPath: false },
})

/** Whose child a process is its record says, too: where the kernel says another, it has changed. */
const parent: Reading = [told(1), { when: isUnsure(1), value: isUntold, isLack: true }]

const ancestorAt = (level: number): Reading => {
  if (level === 1) return parent
  if (level <= ancestorsMax) return [told(level), { when: isUnsure(level), value: isUntold }]
  return [{ when: hasMore, value: isUntold }]
}

/** All of them: each that is told, and whoever may be behind. */
const ancestors: Reading = [
  {
    when: isKnown(1),
    value: {
      is: 'both',
      values: [
        ...Array.from({ length: ancestorsMax }, (_, i): Reading => [told(i + 1)]),
        [{ when: hasMore, value: isUntold }],
      ],
    },
  },
  { when: isUnsure(1), value: isUntold, isLack: true },
]

export const processReadings: Readings = {
  'proc.pname': () => parent,
}

/** `proc.aname`, and `proc.aname[level]`. */
export const ancestorName = (argument: number | string | undefined): ReadField => {
  if (argument === undefined) return () => ancestors
  if (typeof argument === 'number' && argument > 0) return () => ancestorAt(argument)
  return () => always(unknown('what is kept of a process'))
}
