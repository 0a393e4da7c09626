/** What a condition names: fields, operators, macros and lists. */
import type { Node, Operand } from './syntax.ts'
import { printOperand } from './syntax.ts'

/** Names in a condition, each once. */
export interface ConditionDetails {
  readonly fields: ReadonlySet<string>
  readonly operators: ReadonlySet<string>
  readonly macros: ReadonlySet<string>
  /** Of those that are known. */
  readonly lists: ReadonlySet<string>
}

class Walk {
  readonly fields = new Set<string>()
  readonly operators = new Set<string>()
  readonly macros = new Set<string>()
  readonly lists = new Set<string>()
  readonly #isList: (name: string) => boolean
  readonly #seen = new Set<Node>()

  constructor(isList: (name: string) => boolean) {
    this.#isList = isList
  }

  node(node: Node): void {
    // Trees of macros are shared.
    if (this.#seen.has(node)) return
    this.#seen.add(node)
    switch (node.is) {
      case 'and':
      case 'or':
        for (const child of node.children) this.node(child)
        return
      case 'not':
        this.node(node.child)
        return
      case 'macro':
        this.macros.add(node.name)
        return
      case 'exists':
        this.operators.add('exists')
        this.#operand(node.left)
        return
      case 'compare':
        this.operators.add(node.operator)
        this.#operand(node.left)
        this.#operand(node.right)
    }
  }

  #operand(operand: Operand): void {
    switch (operand.is) {
      case 'field':
        this.fields.add(printOperand(operand))
        return
      case 'transformer':
        for (const each of operand.arguments) this.#operand(each)
        return
      case 'operands':
        for (const each of operand.members) this.#operand(each)
        return
      case 'list':
        for (const each of operand.values) this.#value(each)
        return
      case 'value':
        this.#value(operand.value)
    }
  }

  #value(value: string): void {
    if (this.#isList(value)) this.lists.add(value)
  }
}

/** @param isList  whether there is a list of that name */
export const detailsOf = (node: Node, isList: (name: string) => boolean): ConditionDetails => {
  const walk = new Walk(isList)
  walk.node(node)
  return walk
}
