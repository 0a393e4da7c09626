/** A condition over several lines, for people. It parses back to the same tree. */
import type { Node } from './syntax.ts'
import { printCondition } from './syntax.ts'

const columnsMax = 80

/** Groups with one member, as macros leave them, are their member. */
const inner = (node: Node): Node => {
  const [only] = node.is === 'and' || node.is === 'or' ? node.children : []
  return only && (node.is === 'and' || node.is === 'or') && node.children.length === 1
    ? inner(only)
    : node
}

const oneLine = (node: Node): string =>
  printCondition(node).replace(/^\((.*)\)$/s, node.is === 'and' || node.is === 'or' ? '$1' : '($1)')

const lines = (node: Node, columns: number): readonly string[] => {
  const plain = inner(node)
  const short = oneLine(plain)
  if (short.length <= columns) return [short]
  switch (plain.is) {
    case 'and':
    case 'or': {
      // `and` binds closer than `or`.
      const isBracketed = (child: Node): boolean =>
        plain.is === 'and' ? inner(child).is === 'or' : inner(child).is === 'and'
      return plain.children.flatMap((child, i) => {
        const before = i === 0 ? '' : `${plain.is} `
        return isBracketed(child)
          ? bracketed(child, before, columns)
          : withBefore(lines(child, columns - before.length), before)
      })
    }
    case 'not': {
      const child = inner(plain.child)
      const isGroup = child.is === 'and' || child.is === 'or'
      return isGroup
        ? bracketed(child, 'not ', columns)
        : withBefore(lines(child, columns - 4), 'not ')
    }
    case 'compare':
    case 'exists':
    case 'macro':
      return wrapped(short, columns)
  }
}

const withBefore = (text: readonly string[], before: string): readonly string[] =>
  text.map((line, i) => (i === 0 ? before + line : line))

const bracketed = (node: Node, before: string, columns: number): readonly string[] => {
  const text = lines(node, columns - before.length - 2)
  if (text.length === 1) return [`${before}(${text.join('')})`]
  return [`${before}(`, ...text.map((line) => `  ${line}`), ')']
}

/** Long lists are broken behind commas. */
const wrapped = (text: string, columns: number): readonly string[] => {
  const result: string[] = []
  let line = ''
  for (const part of text.split(/(?<=, )/)) {
    if (line !== '' && line.length + part.length > columns) {
      result.push(line.trimEnd())
      line = '  '
    }
    line += part
  }
  return [...result, line]
}

/** A condition over several lines. */
export const prettyCondition = (node: Node): string => lines(node, columnsMax).join('\n')
