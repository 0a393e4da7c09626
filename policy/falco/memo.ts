/**
 * What was made of the text of earlier files. Everything is resolved again after each file, since a
 * later one can change it; most of it has not changed, and is found here by identity: equal texts
 * are parsed once, and so the trees that come of them are the same ones.
 */
import type { EventSet } from '../event-set.ts'
import { eventSetOf } from '../event-set.ts'
import type { Condition } from '../ir.ts'
import type { ParsedOutput } from '../output.ts'
import { parseOutput } from '../output.ts'
import type { Checked } from './check.ts'
import { checkCondition } from './check.ts'
import type { FalcoEvents } from './event-codes.ts'
import { falcoEventsOf } from './event-codes.ts'
import type { Catalog } from './fields.ts'
import type { Parsed } from './parse.ts'
import { parseCondition } from './parse.ts'
import type { Remark } from './remark.ts'
import type { Node } from './syntax.ts'
import { printCondition } from './syntax.ts'

type Put = Extract<Node, { readonly is: 'and' | 'or' | 'not' }>

const isSame = (a: readonly Node[], b: readonly Node[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i])

export const childrenOf = (node: Node): readonly Node[] => {
  if (node.is === 'not') return [node.child]
  return node.is === 'and' || node.is === 'or' ? node.children : []
}

/** Of one load: the catalog and the names of events are always the same. */
export class Memo {
  readonly #parsed = new Map<string, Parsed>()
  readonly #outputs = new Map<string, ParsedOutput>()
  readonly #printed = new WeakMap<Node, string>()
  readonly #put = new WeakMap<Node, Put>()
  readonly #checked = new WeakMap<Node, Checked>()
  readonly #events = new WeakMap<Condition, EventSet>()
  readonly #falcoEvents = new WeakMap<Node, FalcoEvents | Remark>()

  parse(text: string): Parsed {
    const known = this.#parsed.get(text) ?? parseCondition(text)
    this.#parsed.set(text, known)
    return known
  }

  /** What stands in the place of `node` once its macros are put in. */
  put(node: Node, made: Put): Put {
    const known = this.#put.get(node)
    if (known && isSame(childrenOf(known), childrenOf(made))) return known
    this.#put.set(node, made)
    return made
  }

  output(text: string, catalog: Catalog): ParsedOutput {
    const known = this.#outputs.get(text) ?? parseOutput(text, catalog)
    this.#outputs.set(text, known)
    return known
  }

  print(tree: Node): string {
    const known = this.#printed.get(tree) ?? printCondition(tree)
    this.#printed.set(tree, known)
    return known
  }

  check(tree: Node, catalog: Catalog): Checked {
    const known = this.#checked.get(tree) ?? checkCondition(tree, catalog)
    this.#checked.set(tree, known)
    return known
  }

  events(condition: Condition, names: Iterable<string>): EventSet {
    const known = this.#events.get(condition) ?? eventSetOf(condition, names)
    this.#events.set(condition, known)
    return known
  }

  falcoEvents(tree: Node, names: Iterable<string>): FalcoEvents | Remark {
    const known = this.#falcoEvents.get(tree) ?? falcoEventsOf(tree, names)
    this.#falcoEvents.set(tree, known)
    return known
  }
}
