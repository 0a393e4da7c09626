/** Conditions as texts: equal for conditions that mean the same because they say the same. */
import type { FieldRef } from '@bulwark/schema'
import type { Condition, Constant, Value } from './ir.ts'
import { isNetwork } from './ir.ts'

/** A field with its argument. */
export const fieldKey = ({ field, argument }: FieldRef): string =>
  argument === undefined ? field.name : `${field.name}[${typeof argument}:${argument}]`

const constantKey = (value: Constant): string => {
  if (isNetwork(value)) return `net:${value.version}:${value.base}:${value.prefix}`
  return typeof value === 'string' ? JSON.stringify(value) : `${typeof value}:${value}`
}

const valueKey = (value: Value): string => {
  switch (value.is) {
    case 'field':
      return fieldKey(value.ref)
    case 'constant':
      return constantKey(value.value)
    case 'values':
      return `(${value.values.map(valueKey).join(',')})`
    case 'call':
      return `${value.name}(${value.values.map(valueKey).join(',')})[${value.option ?? ''}]`
  }
}

const keys = new WeakMap<Condition, string>()

const newKey = (condition: Condition): string => {
  switch (condition.is) {
    case 'constant':
      return String(condition.value)
    case 'and':
    case 'or':
      return `(${condition.members.map(sameCondition).join(` ${condition.is} `)})`
    case 'not':
      return `!${sameCondition(condition.member)}`
    case 'exists':
      return `${valueKey(condition.left)}?`
    case 'compare': {
      const { left, operator, right } = condition
      const other =
        right.is === 'value'
          ? valueKey(right.value)
          : `${right.quantifier}{${right.values.map(constantKey).join(',')}}`
      return `${valueKey(left)} ${operator} ${other}`
    }
  }
}

/** The key of a condition. */
export const sameCondition = (condition: Condition): string => {
  const known = keys.get(condition)
  if (known !== undefined) return known
  const key = newKey(condition)
  keys.set(condition, key)
  return key
}
