/**
 * The syntax tree of a condition in Falco's language, and its canonical text. Macros are names
 * until `macros.ts` puts their trees in; lists were replaced in the text before parsing. Strings
 * are byte strings, escapes resolved.
 */
import { byteString, printableText } from '@bulwark/schema'

/** Operators that stand between a field and one value. */
export const stringOperators = [
  '==',
  '=',
  '!=',
  'glob',
  'iglob',
  'contains',
  'icontains',
  'bcontains',
  'startswith',
  'bstartswith',
  'endswith',
  'regex',
] as const
export const numericOperators = ['<=', '<', '>=', '>'] as const
export const listOperators = ['intersects', 'in', 'pmatch'] as const
export const modifiers = ['oneof', 'anyof', 'allof'] as const

/** Functions that stand around fields. `val` is one only on the right, and is not in here. */
export const transformerNames = [
  'tolower',
  'toupper',
  'b64',
  'basename',
  'len',
  'join',
  'concat',
  'getopt',
] as const

export type StringOperator = (typeof stringOperators)[number]
export type NumericOperator = (typeof numericOperators)[number]
export type ListOperator = (typeof listOperators)[number]
export type Modifier = (typeof modifiers)[number]
export type Operator = StringOperator | NumericOperator | ListOperator

export interface FieldNode {
  readonly is: 'field'
  readonly name: string
  readonly argument: string | undefined
  readonly at: number
}

export interface TransformerNode {
  readonly is: 'transformer'
  readonly name: (typeof transformerNames)[number] | 'val'
  readonly arguments: readonly Operand[]
  readonly argument: string | undefined
  readonly at: number
}

/** What stands on a side of a comparison, or in a transformer. */
export type Operand =
  | FieldNode
  | TransformerNode
  | { readonly is: 'value'; readonly value: string; readonly at: number }
  | { readonly is: 'list'; readonly values: readonly string[]; readonly at: number }
  /** A list inside a transformer: its members may be fields. */
  | { readonly is: 'operands'; readonly members: readonly Operand[]; readonly at: number }

/** A condition. `at` is an offset in its bytes. */
export type Node =
  | { readonly is: 'and' | 'or'; readonly children: readonly Node[]; readonly at: number }
  | { readonly is: 'not'; readonly child: Node; readonly at: number }
  | { readonly is: 'macro'; readonly name: string; readonly at: number }
  | { readonly is: 'exists'; readonly left: FieldNode | TransformerNode; readonly at: number }
  | {
      readonly is: 'compare'
      readonly left: FieldNode | TransformerNode
      readonly operator: Operator
      readonly modifier: Modifier | undefined
      readonly right: Operand
      readonly at: number
    }

/** How strings are written: as the engine prints them, or so that the text parses back. */
export type PrintStyle = 'falco' | 'exact'

const named: Readonly<Record<string, string>> = {
  '\0': '\\x00',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
}

/** Bytes of a string as text; those that are no UTF-8 as escapes. */
const readable = (value: string, style: PrintStyle): string => {
  const special = style === 'exact' ? /[\0\b\f\n\r\t"\\]/g : /[\b\f\n\r\t"\\]/g
  const escaped = value.replace(special, (letter) => named[letter] ?? letter)
  const text = printableText(escaped)
  if (byteString(text) === escaped) return text
  return escaped.replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)
}

const quoted = (value: string, style: PrintStyle): string => {
  const text = readable(value, style)
  // No backslash may stand before the quote that ends a string.
  if (style === 'exact') return `"${text.replace(/\\$/, 'x5c')}"`
  return /[ ='\0]/.test(value) || text !== printableText(value) ? `"${text}"` : text
}

const argumentText = (argument: string | undefined, style: PrintStyle): string => {
  if (argument === undefined) return ''
  return `[${argument === '' ? '""' : quoted(argument, style)}]`
}

/** The text of an operand alone. */
export const printOperand = (operand: Operand, style: PrintStyle = 'falco'): string => {
  switch (operand.is) {
    case 'field':
      return operand.name + argumentText(operand.argument, style)
    case 'transformer': {
      const inner = operand.arguments.map((each) => printOperand(each, style)).join(',')
      return `${operand.name}(${inner})${argumentText(operand.argument, style)}`
    }
    case 'value':
      return quoted(operand.value, style)
    case 'list':
      return `(${operand.values.map((each) => quoted(each, style)).join(', ')})`
    case 'operands':
      return `(${operand.members.map((each) => printOperand(each, style)).join(',')})`
  }
}

const takesBareValue: ReadonlySet<Operator> = new Set([...numericOperators, ...listOperators])

const compareText = (node: Node & { readonly is: 'compare' }, style: PrintStyle): string => {
  const { left, operator, modifier, right } = node
  // A number, or the name of a list: quotes would make it something else.
  const isBare = right.is === 'value' && (takesBareValue.has(operator) || modifier !== undefined)
  const words = [printOperand(left, style), operator, ...(modifier === undefined ? [] : [modifier])]
  return [...words, isBare ? right.value : printOperand(right, style)].join(' ')
}

/**
 * The text of a tree.
 *
 * @param style  `falco` is what `falco -L` prints, where strings in transformers and empty ones
 *               lose their quotes; `exact` parses back to the same tree
 */
export const printCondition = (node: Node, style: PrintStyle = 'falco'): string => {
  switch (node.is) {
    case 'and':
    case 'or':
      return `(${node.children.map((each) => printCondition(each, style)).join(` ${node.is} `)})`
    case 'not': {
      const child = printCondition(node.child, style)
      return style === 'exact' ? `not (${child})` : `not ${child}`
    }
    case 'macro':
      return node.name
    case 'exists':
      return `${printOperand(node.left, style)} exists`
    case 'compare':
      return compareText(node, style)
  }
}
