/**
 * Remarks on conditions that are allowed and odd: values that look like fields, expressions that
 * plain operators could do, deprecated fields. The texts and the heuristics are Falco's.
 */
import type { Catalog } from './fields.ts'
import { isFieldName } from './fields.ts'
import type { Remark } from './remark.ts'
import type { Node, Operand, Operator } from './syntax.ts'
import { transformerNames } from './syntax.ts'

const repeats = '+*?'
const special = '.+*?^$()[]{}|\\'

/** Whether an expression has special characters only where plain operators could do the same. */
const isSimpleRegex = (pattern: string): boolean => {
  const { length } = pattern
  for (let i = 0; i < length; i++) {
    const letter = pattern.charAt(i)
    if ((i === 0 && letter === '^') || (i === length - 1 && letter === '$')) continue
    const isAtAnEnd = (i === 0 && length > 1) || i === length - 2
    if (isAtAnEnd && letter === '.' && repeats.includes(pattern.charAt(i + 1))) {
      i++
      continue
    }
    if (special.includes(letter)) return false
  }
  return true
}

const looksLikeField = (text: string, catalog: Catalog): boolean => {
  const [, name, argument] = /^([^[\]]*)(?:\[([^\]]*)\])?$/.exec(text) ?? []
  if (name === undefined || !/^[a-zA-Z][\w.]*$/.test(name)) return false
  return isFieldName(name, argument, catalog)
}

const looksLikeTransformer = (text: string): boolean =>
  text.endsWith(')') && ['val', ...transformerNames].some((name) => text.startsWith(`${name}(`))

/** Remarks on one constant of a comparison. */
export const remarksOnConstant = (
  text: string,
  operator: Operator,
  at: number,
  catalog: Catalog,
): readonly Remark[] => {
  const remarks: Remark[] = []
  if (operator === 'regex' && isSimpleRegex(text)) {
    const message =
      `regex check with '${text}' may be optimized with simpler operators such as ` +
      `'=', 'contains', 'startswith', 'endswith'`
    remarks.push({ code: 'simple-regex', message, at })
  }
  const bare = text.replace(/[ \t\n\v\f\r]/g, '')
  if (looksLikeField(bare, catalog)) {
    const message = `'${text}' may be a valid field misused as a const string value`
    remarks.push({ code: 'field-as-text', message, at, help: `write val(${bare})` })
  }
  if (looksLikeTransformer(bare)) {
    const message = `'${text}' may be a valid field transformer misused as a const string value`
    remarks.push({ code: 'field-as-text', message, at, help: 'write it without the quotes' })
  }
  return remarks
}

/** Fields that no event has any more, and what Falco says of them. */
const latency = 'field is not available due to the drop of enter events.'
export const deprecatedFields: ReadonlyMap<string, string> = new Map([
  [
    'evt.dir',
    "due to the drop of enter events, 'evt.dir = <' always evaluates to true, and " +
      "'evt.dir = >' always evaluates to false. The rule expression can be simplified by " +
      "removing the condition on 'evt.dir'",
  ],
  ['evt.latency', latency],
  ['evt.latency.s', latency],
  ['evt.latency.ns', latency],
  ['evt.latency.human', latency],
  ['evt.wait_latency', latency],
])

/** Fields whose missing value Falco's plugins gave as the text `<NA>`. */
const givesText = (name: string): boolean => name.startsWith('ka.') || name.startsWith('jevt.')

const isEquality: ReadonlySet<string> = new Set(['==', '=', '!=', 'in', 'intersects', 'pmatch'])

const holdsNoValue = (operand: Operand): boolean => {
  if (operand.is === 'value') return operand.value === '<NA>'
  return operand.is === 'list' && operand.values.includes('<NA>')
}

/** The operands of a tree, each with the comparison that it is in. */
const walk = (node: Node, visit: (node: Node & { is: 'exists' | 'compare' }) => void): void => {
  switch (node.is) {
    case 'and':
    case 'or':
      for (const child of node.children) walk(child, visit)
      return
    case 'not':
      walk(node.child, visit)
      return
    case 'exists':
    case 'compare':
      visit(node)
      return
    case 'macro':
  }
}

const fieldNames = (operand: Operand): readonly string[] => {
  switch (operand.is) {
    case 'field':
      return [operand.name]
    case 'transformer':
      return operand.arguments.flatMap(fieldNames)
    case 'operands':
      return operand.members.flatMap(fieldNames)
    case 'value':
    case 'list':
      return []
  }
}

/** Remarks on a whole tree: unsafe comparisons with `<NA>`, and deprecated fields. */
export const remarksOnTree = (root: Node): readonly Remark[] => {
  let isUnsafe = false
  const used = new Set<string>()
  walk(root, (node) => {
    for (const name of fieldNames(node.left)) used.add(name)
    if (node.is === 'exists' || !isEquality.has(node.operator)) return
    const left = node.left.is === 'field' ? node.left.name : ''
    if (givesText(left) && holdsNoValue(node.right)) isUnsafe = true
  })
  // The engine has no text for it.
  const help = 'a comparison with <NA> is unsafe; use exists'
  const unsafe = { code: 'unsafe-na', message: '', at: 0, help }
  const deprecated = [...deprecatedFields]
    .filter(([name]) => used.has(name))
    .map(([, message]) => ({ code: 'deprecated-field', message, at: 0 }))
  return [...(isUnsafe ? [unsafe] : []), ...deprecated]
}
