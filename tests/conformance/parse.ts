/** Runs the cases of the parser: trees, canonical text, messages and where they point. */
import { isDeepStrictEqual } from 'node:util'
import { printableText } from '@bulwark/schema'
import { parseCondition, printCondition } from '@bulwark/policy'
import type { Node, Operand } from '@bulwark/policy'
import type { Outcome, ParseCase } from './cases.ts'

const withArgument = (argument: string | undefined): object =>
  argument === undefined ? {} : { arg: printableText(argument) }

/** An operand in the form that the case files have: texts, where we have bytes. */
const operandTree = (operand: Operand): object => {
  switch (operand.is) {
    case 'field':
      return { t: 'field', name: operand.name, ...withArgument(operand.argument) }
    case 'transformer': {
      const c = operand.arguments.map(operandTree)
      return { t: 'tr', name: operand.name, c, ...withArgument(operand.argument) }
    }
    case 'value':
      return { t: 'value', v: printableText(operand.value) }
    case 'list':
      return { t: 'list', v: operand.values.map(printableText) }
    case 'operands':
      return { t: 'tlist', c: operand.members.map(operandTree) }
  }
}

/** A tree in the form that the case files have. */
const tree = (node: Node): object => {
  switch (node.is) {
    case 'and':
    case 'or':
      return { t: node.is, c: node.children.map(tree) }
    case 'not':
      return { t: 'not', c: tree(node.child) }
    case 'macro':
      return { t: 'macro', name: node.name }
    case 'exists':
      return { t: 'unary', op: 'exists', l: operandTree(node.left) }
    case 'compare': {
      const op = node.modifier === undefined ? node.operator : `${node.operator} ${node.modifier}`
      return { t: 'cmp', op, l: operandTree(node.left), r: operandTree(node.right) }
    }
  }
}

/** What is wrong; `undefined` when nothing is. */
export const runParse = (wanted: ParseCase): Outcome => {
  const parsed = parseCondition(wanted.expr, wanted.max_depth)
  if (!parsed.ok) {
    if (wanted.expect === 'accept') return `refused: ${parsed.error.message}`
    const message = printableText(parsed.error.message)
    if (message !== wanted.error) return `says: ${message}`
    if (parsed.error.at !== wanted.error_pos?.idx) return `points at ${parsed.error.at}`
    return undefined
  }
  if (wanted.expect === 'reject') return 'accepted'
  const text = printCondition(parsed.node)
  if (text !== wanted.canonical) return `prints: ${text}`
  if (!isDeepStrictEqual(tree(parsed.node), wanted.ast)) {
    return `reads: ${JSON.stringify(tree(parsed.node))}`
  }
  return undefined
}
