/** Label selectors as kubectl takes them: `app=web,tier in (db,cache),!old`. */
import type { Requirement, Selector } from '@bulwark/schema'

const part = /[^,(]+(?:\([^)]*\))?/g
const setForm = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/
const equalForm = /^([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)$/
const keyForm = /^(!?)\s*([^\s=!()]+)$/

const requirementOf = (text: string): Requirement | undefined => {
  const [, setKey, word, list = ''] = setForm.exec(text) ?? []
  if (setKey !== undefined) {
    const values = [...new Set(list.split(',').map((each) => each.trim()))].toSorted()
    return { key: setKey, operator: word === 'in' ? 'In' : 'NotIn', values }
  }
  const [, key, sign, value = ''] = equalForm.exec(text) ?? []
  if (key !== undefined) return { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] }
  const [, not, name] = keyForm.exec(text) ?? []
  if (name === undefined) return undefined
  return { key: name, operator: not === '!' ? 'DoesNotExist' : 'Exists', values: [] }
}

/** `undefined`: it is no selector. */
export const readSelector = (text: string): Selector | undefined => {
  const parts = text.match(part)?.map((each) => each.trim()) ?? []
  const requirements = parts.filter((each) => each !== '').map(requirementOf)
  if (requirements.length === 0) return undefined
  const found = requirements.filter((each) => each !== undefined)
  return found.length === requirements.length ? found : undefined
}
