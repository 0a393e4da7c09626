/** What the kernel leaves to user space, in words: the comparison, nearly as a rule has it. */
import type { FieldRef } from '@bulwark/schema'
import type { Condition, Constant, Value } from '../ir.ts'
import { isNetwork } from '../ir.ts'
import { addressBytes } from './compare-equals.ts'
import { addressText, shownText } from './print.ts'

/** Values of a set that are told; how many there are beside stands behind them. */
const valuesMax = 3

const fieldText = ({ field: { name }, argument }: FieldRef): string => {
  if (argument === undefined) return name
  return typeof argument === 'number' || /\W/.test(argument)
    ? `${name}[${argument}]`
    : `${name}.${argument}`
}

const valueText = (value: Value): string => {
  switch (value.is) {
    case 'field':
      return fieldText(value.ref)
    case 'constant':
      return shownText(String(value.value))
    case 'values':
      return `(${value.values.map(valueText).join(', ')})`
    case 'call':
      return `${value.name}(${value.values.map(valueText).join(', ')})`
  }
}

const constantText = (constant: Constant, left: Value): string => {
  if (isNetwork(constant)) {
    const { version, base, prefix } = constant
    return `${addressText(addressBytes(base, version))}/${prefix}`
  }
  const isAddress = left.type === 'ip' || left.type === 'net'
  if (isAddress && (typeof constant === 'number' || typeof constant === 'bigint')) {
    return addressText(addressBytes(constant, typeof constant === 'number' ? 4 : 6))
  }
  return shownText(String(constant))
}

/** A condition as text; long lists are cut. */
export const residualText = (condition: Condition): string => {
  switch (condition.is) {
    case 'constant':
      return String(condition.value)
    case 'and':
    case 'or':
      return `(${condition.members.map(residualText).join(` ${condition.is} `)})`
    case 'not':
      return `not ${residualText(condition.member)}`
    case 'exists':
      return `${valueText(condition.left)} exists`
    case 'compare': {
      const { left, operator, right } = condition
      const begin = `${valueText(left)} ${operator}`
      if (right.is === 'value') return `${begin} val(${valueText(right.value)})`
      const shown = right.values.slice(0, valuesMax).map((each) => constantText(each, left))
      const more = right.values.length - shown.length
      const all = more > 0 ? [...shown, `and ${more} more`] : shown
      const how = right.quantifier === 'anyof' ? '' : `${right.quantifier} `
      return all.length === 1 ? `${begin} ${all.join('')}` : `${begin} ${how}(${all.join(', ')})`
    }
  }
}
