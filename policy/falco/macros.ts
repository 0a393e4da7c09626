/**
 * Macros as trees. Each is parsed and resolved once, in the order of definition, and its tree is
 * shared by all who name it. A macro sees those that were defined before its own last change.
 */
import { closest, printableText } from '@bulwark/schema'
import type { Place } from '../diagnostics.ts'
import { limits } from '../limits.ts'
import type { Collector, MacroDefinition } from './collector.ts'
import type { Context, Report } from './report.ts'
import type { Memo } from './memo.ts'
import { childrenOf } from './memo.ts'
import { LoadFault } from './report.ts'
import type { Node } from './syntax.ts'

const { conditionNodesMax: nodesMax, conditionDepthMax: depthMax } = limits

interface Macro {
  readonly definition: MacroDefinition
  /** `undefined` when the macro has a fault, which was reported. */
  node: Node | undefined
  /** No macros are left in it. */
  isResolved: boolean
}

interface Extent {
  readonly nodes: number
  readonly depth: number
}

const extents = new WeakMap<Node, Extent>()

/** How large a tree is. Subtrees are measured once, so that a macro costs its own nodes only. */
const extentOf = (node: Node): Extent => {
  const known = extents.get(node)
  if (known) return known
  const children = childrenOf(node).map(extentOf)
  const nodes = children.reduce((sum, each) => sum + each.nodes, 1)
  const depth = children.reduce((most, each) => Math.max(most, each.depth), 0) + 1
  const extent = { nodes, depth }
  extents.set(node, extent)
  return extent
}

/** The condition that a tree was parsed from. */
interface ConditionText {
  readonly text: string
  readonly place: Place
}

/** The first name in a tree that is no macro, or leads back to itself. */
class UnknownMacro extends Error {
  readonly at: number
  readonly help: string | undefined

  constructor(message: string, at: number, help?: string) {
    super(message)
    this.at = at
    this.help = help
  }
}

/** One that leads back to itself. */
class MacroLoop extends UnknownMacro {}

export class Macros {
  readonly #macros = new Map<string, Macro>()
  readonly #memo: Memo
  /** Names that macros or rules hold. */
  readonly used = new Set<string>()

  /** @param text  puts the lists into the condition of a macro */
  constructor(
    collected: Collector,
    text: (macro: MacroDefinition) => string,
    report: Report,
    memo: Memo,
  ) {
    this.#memo = memo
    const guard = <T>(run: () => T): T | undefined => {
      try {
        return run()
      } catch (fault) {
        if (!(fault instanceof LoadFault)) throw fault
        report.error(fault)
        return undefined
      }
    }
    for (const definition of collected.macros.values()) {
      const node = guard(() => parseText(text(definition), definition.conditionContext, memo))
      this.#macros.set(definition.name, { definition, node, isResolved: false })
    }
    for (const macro of this.#macros.values()) {
      const { node, definition } = macro
      const { visibility, context, conditionContext } = definition
      const condition = { text: definition.condition, place: conditionContext.place }
      macro.node = node && guard(() => this.resolve(node, visibility, context, condition))
      macro.isResolved = true
    }
  }

  /** The tree of a macro; `undefined` when there is none, or it has a fault. */
  at(name: string): Node | undefined {
    return this.#macros.get(name)?.node
  }

  /**
   * A tree with its macros put in.
   *
   * @param visibility  macros that were defined before it are seen
   * @param context     of the macro or rule whose condition it is
   * @param condition   its text, and its place
   * @throws LoadFault  a macro is not there, or has a fault of its own
   */
  resolve(node: Node, visibility: number, context: Context, condition: ConditionText): Node {
    try {
      const resolved = this.#walk(node, visibility, [])
      const { nodes, depth } = extentOf(resolved)
      const bound = nodes > nodesMax ? `${nodesMax} nodes` : `a depth of ${depthMax}`
      if (nodes <= nodesMax && depth <= depthMax) return resolved
      throw new UnknownMacro(`condition has over ${bound} with its macros put in`, 0)
    } catch (fault) {
      if (!(fault instanceof UnknownMacro)) throw fault
      const at = context.inCondition(condition.text, fault.at, condition.place)
      throw new LoadFault('LOAD_ERR_VALIDATE', fault.message, at, fault.help)
    }
  }

  #walk(node: Node, visibility: number, path: readonly string[]): Node {
    switch (node.is) {
      case 'and':
      case 'or': {
        const children = this.#walkAll(node.children, visibility, path)
        return children.every((child, i) => child === node.children[i])
          ? node
          : this.#memo.put(node, { is: node.is, children, at: node.at })
      }
      case 'not': {
        const child = this.#walk(node.child, visibility, path)
        return child === node.child ? node : this.#memo.put(node, { is: 'not', child, at: node.at })
      }
      case 'macro':
        return this.#put(node.name, node.at, visibility, path)
      case 'exists':
      case 'compare':
        return node
    }
  }

  /** A loop is told before macros that are not there, wherever it is. */
  #walkAll(nodes: readonly Node[], visibility: number, path: readonly string[]): readonly Node[] {
    let unknown: UnknownMacro | undefined
    const walked = nodes.map((node) => {
      try {
        return this.#walk(node, visibility, path)
      } catch (fault) {
        if (!(fault instanceof UnknownMacro) || fault instanceof MacroLoop) throw fault
        unknown ??= fault
        return node
      }
    })
    if (unknown) throw unknown
    return walked
  }

  #put(name: string, at: number, visibility: number, path: readonly string[]): Node {
    const macro = this.#macros.get(name)
    if (!macro || macro.definition.index >= visibility) {
      const near = closest(
        name,
        [...this.#macros.keys()].filter((other) => other !== name),
      )
      const help = macro
        ? 'define it before it is used'
        : `define it${near === undefined ? '' : `; did you mean \`${near}\`?`}`
      throw new UnknownMacro(`Undefined macro '${name}' used in filter.`, at, help)
    }
    if (path.includes(name)) throw new MacroLoop(`reference loop in macro '${name}'`, at)
    if (!macro.node) throw new UnknownMacro(`macro '${name}' has a fault of its own`, at)
    this.used.add(name)
    return macro.isResolved ? macro.node : this.#walk(macro.node, visibility, [...path, name])
  }
}

/**
 * Parses the text of a condition, lists put in.
 *
 * @throws LoadFault
 */
export const parseText = (text: string, context: Context, memo: Memo): Node => {
  const parsed = memo.parse(text)
  if (parsed.ok) return parsed.node
  const at = context.inCondition(text, parsed.error.at)
  throw new LoadFault('LOAD_ERR_COMPILE_CONDITION', printableText(parsed.error.message), at)
}
