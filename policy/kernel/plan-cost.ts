/** About what a plan costs to ask, in nanoseconds: for the order of its tests alone. */
import { asTest } from './plan-key.ts'
import type { Plan, Test } from './plan.ts'

const costs = new WeakMap<Plan, number>()

/** Sets above this are looked up in a map. */
const comparedValues = 32

const testCost = (test: Test): number => {
  switch (test.is) {
    case 'bits':
      return 1
    case 'number':
      return test.values.length > comparedValues ? 20 : 1 + Math.log2(test.values.length)
    case 'network':
      return test.base.length === 4 ? 1 : 3
    case 'cgroup':
    case 'scope':
      return 15
    case 'text':
      if (test.operator === 'contains') return 40 + 20 * test.values.length
      if (test.operator === 'resembles') return 400 + 100 * test.values.length
      if (test.values.length > comparedValues) return 40
      return (test.at.is === 'chars' ? 2 : 4) + test.values.length / 4
  }
}

export const costOf = (plan: Plan): number => {
  const known = costs.get(plan)
  if (known !== undefined) return known
  let cost = 0
  if (plan.is === 'and' || plan.is === 'or') {
    for (const member of plan.members) cost += costOf(member)
  } else {
    const found = asTest(plan)
    if (found !== undefined) cost = testCost(found.test)
  }
  costs.set(plan, cost)
  return cost
}
