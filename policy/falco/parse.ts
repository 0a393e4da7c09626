/**
 * Parses a condition: text in, tree or fault out. Never throws. The grammar and its quirks are
 * Falco's (where a blank is needed, where a keyword is a value), messages and offsets too: see
 * the cases in `tests/conformance`. It goes back by one token at the most, so time is linear.
 */
import { byteString } from '@bulwark/schema'
import { Scanner, SyntaxFault } from './scanner.ts'
import type { FieldNode, Modifier, Node, Operand, Operator, TransformerNode } from './syntax.ts'
import {
  listOperators,
  modifiers,
  numericOperators,
  stringOperators,
  transformerNames,
} from './syntax.ts'

/** Why a condition is not one: in words, and the offset in its bytes. */
export interface SyntaxError {
  readonly message: string
  readonly at: number
}

/** The tree of a condition, or why it has none. */
export type Parsed =
  { readonly ok: true; readonly node: Node } | { readonly ok: false; readonly error: SyntaxError }

type Left = FieldNode | TransformerNode

const quoteEach = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')
const withTransformers =
  'a field with a valid transformer: ' + quoteEach(['val', ...transformerNames])
const operatorsText = quoteEach([
  'exists',
  ...numericOperators,
  ...stringOperators,
  ...listOperators,
])

/** Words that end a value list's name: `in` and `oneof` take any other word for one. */
const booleanWord = /(?:and|or|not)(?![a-zA-Z0-9])/y

class Parser {
  readonly s: Scanner
  readonly #depthMax: number
  #depth = 0

  constructor(text: string, depthMax: number) {
    this.s = new Scanner(text)
    this.#depthMax = depthMax
  }

  whole(): Node {
    if (this.s.text === '') this.s.fail('filter input string is empty')
    const node = this.#chain('or')
    if (!this.s.atEnd) {
      this.s.fail(`unexpected token after '${this.s.last}', expecting 'or', 'and'`)
    }
    return node
  }

  /** A field or a transformer at the start of the text, whatever follows. */
  leading(): Left {
    return this.#deeper(() => this.#left() ?? this.s.fail('expected a field or a transformer'))
  }

  #deeper<T>(parse: () => T): T {
    if (++this.#depth >= this.#depthMax) {
      this.s.fail(`exceeded max depth limit of ${this.#depthMax}`)
    }
    const result = parse()
    this.#depth--
    return result
  }

  /** `member (word member)*`, where a word is followed by a blank or by a group. */
  #chain(word: 'and' | 'or'): Node {
    const { s } = this
    const member = (): Node => (word === 'or' ? this.#chain('and') : this.#not())
    return this.#deeper(() => {
      const { at } = s
      s.blanks()
      const children = [member()]
      s.blanks()
      while (s.take(word)) {
        if (s.blanks()) children.push(member())
        else if (s.take('(')) children.push(this.#groupEnd())
        else s.fail(`expected blank or '(' after '${word}'`)
        s.blanks()
      }
      const [only] = children
      return children.length === 1 && only ? only : { is: word, children, at }
    })
  }

  /** The rest of a group whose `(` was read. */
  #groupEnd(): Node {
    return this.#deeper(() => {
      this.s.blanks()
      const node = this.#chain('or')
      this.s.blanks()
      if (!this.s.take(')')) this.s.fail("expected a ')' token")
      return node
    })
  }

  #not(): Node {
    return this.#deeper(() => {
      const { s } = this
      const { at } = s
      s.blanks()
      let negated = false
      while (s.match('not') !== undefined) negated = !negated
      if (s.take('not(')) {
        const child = this.#groupEnd()
        return negated ? child : { is: 'not', child, at }
      }
      const child = this.#check()
      return negated ? { is: 'not', child, at } : child
    })
  }

  #check(): Node {
    return this.#deeper(() => {
      const { s } = this
      const { at } = s
      s.blanks()
      if (s.take('(')) return this.#groupEnd()
      const left = this.#left()
      if (left) return this.#condition(left, at)
      const name = s.match('identifier')
      if (name !== undefined) return { is: 'macro', name, at }
      return s.fail("expected a '(' token, a field check, or an identifier")
    })
  }

  #left(): Left | undefined {
    const { at } = this.s
    const name = this.s.match('field')
    return name === undefined ? this.#transformer(at) : this.#fieldEnd(name, at)
  }

  #fieldEnd(name: string, at: number): FieldNode {
    return this.#deeper(() => ({ is: 'field', name, argument: this.#argument(), at }))
  }

  /** `[...]` after a field or a transformer. */
  #argument(): string | undefined {
    const { s } = this
    if (!s.take('[')) return undefined
    const argument = s.quotedString() ?? s.match('fieldArgument')
    if (argument === undefined) {
      return s.fail('expected a valid field argument: a quoted string or a bare string')
    }
    if (!s.take(']')) s.fail("expected a ']' token")
    return argument
  }

  /** A transformer; `undefined`, and nothing passed over, when there is none. */
  #transformer(at: number): TransformerNode | undefined {
    const { s } = this
    const name = transformerNames.find((each) => s.take(`${each}(`))
    if (name === undefined) return undefined
    return this.#deeper(() => {
      const operands = [this.#transformerArgument()]
      s.blanks()
      while (s.take(',')) {
        operands.push(this.#transformerArgument())
        s.blanks()
      }
      if (!s.take(')')) s.fail("expected a ')' token closing the transformer")
      return { is: 'transformer', name, arguments: operands, argument: this.#argument(), at }
    })
  }

  #transformerArgument(): Operand {
    return this.#deeper(() => {
      const { s } = this
      s.blanks()
      const simple = this.#simpleArgument()
      if (simple) return simple
      const { at } = s
      if (s.take('(')) return { is: 'operands', members: this.#members(), at }
      return s.fail(
        'expected field transformer argument: field, transformer, quoted string, number, ' +
          'or transformer list',
      )
    })
  }

  /** The rest of a list in a transformer whose `(` was read. */
  #members(): readonly Operand[] {
    const { s } = this
    s.blanks()
    if (s.take(')')) return []
    const members: Operand[] = []
    do {
      s.blanks()
      const member = this.#simpleArgument()
      if (!member) {
        return s.fail(
          'expected transformer list argument: field, transformer, quoted string, or number',
        )
      }
      members.push(member)
      s.blanks()
    } while (s.take(','))
    if (!s.take(')')) s.fail("expected ')'")
    return members
  }

  #simpleArgument(): Operand | undefined {
    const { at } = this.s
    const value = this.s.match('number') ?? this.s.quotedString()
    return value === undefined ? this.#left() : { is: 'value', value, at }
  }

  #condition(left: Left, at: number): Node {
    return this.#deeper(() => {
      const { s } = this
      s.blanks()
      if (s.take('exists')) return { is: 'exists', left, at }
      const make = (operator: Operator, right: Operand, modifier?: Modifier): Node => {
        return { is: 'compare', left, operator, modifier, right, at }
      }
      const numeric = numericOperators.find((each) => s.take(each))
      if (numeric) return make(numeric, this.#numberOrField())
      const text = stringOperators.find((each) =>
        /[a-z]/.test(each) ? s.takeWord(each) : s.take(each),
      )
      if (text) {
        const modified = this.#modifiedList(/[a-z]/.test(text) || s.blanks())
        if (modified) return make(text, modified.right, modified.modifier)
        return make(text, this.#stringOrField())
      }
      const list = listOperators.find((each) => s.take(each))
      if (list) return make(list, this.#listOrField())
      return s.fail(`expected a valid check operator: one of ${operatorsText}`)
    })
  }

  #numberOrField(): Operand {
    return this.#deeper(() => {
      this.s.blanks()
      const { at } = this.s
      const right = this.#rightField()
      if (right) return right
      const value = this.s.match('number')
      if (value !== undefined) return { is: 'value', value, at }
      return this.s.fail(`expected a number value or ${withTransformers}`)
    })
  }

  #stringOrField(): Operand {
    return this.#deeper(() => {
      this.s.blanks()
      const { at } = this.s
      const right = this.#rightField()
      if (right) return right
      const value = this.s.quotedString() ?? this.s.match('bare')
      if (value !== undefined) return { is: 'value', value, at }
      return this.s.fail(`expected a string value or ${withTransformers}`)
    })
  }

  /** `oneof (...)`; a modifier word that no list follows is a value. */
  #modifiedList(hadBlank: boolean): { modifier: Modifier; right: Operand } | undefined {
    const { s } = this
    const { at, last } = s
    const modifier = hadBlank ? modifiers.find((each) => s.takeWord(each)) : undefined
    if (modifier) {
      booleanWord.lastIndex = s.at
      if (!booleanWord.test(s.text)) {
        const start = s.at
        const right = this.#deeper(() => this.#valueList() ?? this.#listName(start))
        if (right) return { modifier, right }
      }
    }
    s.at = at
    s.last = last
    return undefined
  }

  #listOrField(): Operand {
    return this.#deeper(() => {
      const { s } = this
      s.blanks()
      const { at } = s
      const right = this.#valueList() ?? this.#rightField() ?? this.#listName(at)
      return right ?? s.fail(`expected a list, an identifier, or ${withTransformers}`)
    })
  }

  /** The name of a list that no rule file defines: a single value. */
  #listName(at: number): Operand | undefined {
    const value = this.s.match('identifier')
    return value === undefined ? undefined : { is: 'value', value, at }
  }

  #valueList(): Operand | undefined {
    const { s } = this
    const { at } = s
    if (!s.take('(')) return undefined
    s.blanks()
    const values: string[] = []
    const first = this.#firstOfList()
    if (first !== undefined) {
      values.push(first)
      s.blanks()
      while (s.take(',')) {
        values.push(this.#listValue() ?? s.fail('expected a string value'))
        s.blanks()
      }
    }
    if (!s.take(')')) s.fail("expected a ')' token")
    return { is: 'list', values, at }
  }

  #listValue(): string | undefined {
    return this.#deeper(() => {
      this.s.blanks()
      return this.s.quotedString() ?? this.s.match('bare')
    })
  }

  /** A list whose first value has a fault is an empty one to the engine, if `)` comes next. */
  #firstOfList(): string | undefined {
    const depth = this.#depth
    try {
      return this.#listValue()
    } catch (fault) {
      if (!(fault instanceof SyntaxFault)) throw fault
      this.#depth = depth
      return undefined
    }
  }

  /** `val(field)` or a transformer on the right side. */
  #rightField(): Left | undefined {
    return this.#deeper(() => {
      const { s } = this
      s.blanks()
      const { at } = s
      if (!s.take('val(')) return this.#transformer(at)
      s.blanks()
      const start = s.at
      const name = s.match('field')
      if (name === undefined) return s.fail("expected a field within 'val' transformer")
      const field = this.#fieldEnd(name, start)
      s.blanks()
      if (!s.take(')')) s.fail("expected a ')' token closing the transformer")
      return { is: 'transformer', name: 'val', arguments: [field], argument: this.#argument(), at }
    })
  }
}

const guarded = <T>(parse: () => T): T | { readonly ok: false; readonly error: SyntaxError } => {
  try {
    return parse()
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault
    return { ok: false, error: { message: fault.message, at: fault.at } }
  }
}

/**
 * Parses a condition.
 *
 * @param depthMax  how deep rules of the grammar may nest; 1,000 in rules, 5 a parenthesis
 */
export const parseCondition = (text: string, depthMax = 1000): Parsed =>
  guarded((): Parsed => ({ ok: true, node: new Parser(byteString(text), depthMax).whole() }))

/** A field or a transformer that stands before other text, and where it ends. */
export type ParsedOperand =
  | { readonly ok: true; readonly node: Left; readonly end: number }
  | { readonly ok: false; readonly error: SyntaxError }

/**
 * Parses the field or transformer that a text starts with.
 *
 * @param bytes  a byte string, unlike the text of `parseCondition`
 */
export const parseOperand = (bytes: string): ParsedOperand =>
  guarded((): ParsedOperand => {
    const parser = new Parser(bytes, 100)
    const node = parser.leading()
    return { ok: true, node, end: parser.s.at }
  })
