/**
 * Lists are put into a condition's text before it is parsed: wherever a name stands between
 * delimiters, also inside quotes; all places of one list, then of the next, in the order of
 * definition. So a later list is found in what an earlier one put in, and not the other way round.
 */
import { limits } from '../limits.ts'
import type { ListDefinition } from './collector.ts'
import { joinItems } from './exceptions.ts'
import type { Context } from './report.ts'
import { reject } from './report.ts'

const textMax = limits.conditionCharactersMax

const blanks = ' \t\n\r'
/** An empty text, the end of the condition, is among them too, as it is in every text. */
const delimiters = `${blanks}(),=`

/** A list that can be put into texts. */
export interface ExpandedList {
  readonly name: string
  /** Its place in the order of definition. */
  readonly order: number
  readonly items: readonly string[]
  /** Its items as they are written into a text. */
  readonly text: string
}

/** The lists by name, in order, and the names of those that stood in others. */
export interface ExpandedLists {
  readonly lists: ReadonlyMap<string, ExpandedList>
  /** Those whose name is no single word. */
  readonly odd: readonly ExpandedList[]
  readonly used: ReadonlySet<string>
}

/** Opens lists inside lists, once: those that were defined before. */
export const expandLists = (lists: ReadonlyMap<string, ListDefinition>): ExpandedLists => {
  const used = new Set<string>()
  const opened = new Map<string, ExpandedList>()
  for (const list of lists.values()) {
    const items = list.items.flatMap((item) => {
      const inner = lists.get(item)
      if (!inner || inner.index >= list.visibility) return [item]
      used.add(item)
      return inner.items
    })
    const text = joinItems(items)
    opened.set(list.name, { name: list.name, order: opened.size, items, text })
  }
  const odd = [...opened.values()].filter(({ name }) => /[ \t\n\r(),=]/.test(name))
  return { lists: opened, odd, used }
}

/** Text that is written from left to right, and may lose what was written last. */
class Writer {
  readonly #chunks: string[] = []
  length = 0

  get last(): string {
    return this.#chunks.at(-1)?.at(-1) ?? ''
  }

  write(text: string): void {
    if (text === '') return
    this.#chunks.push(text)
    this.length += text.length
  }

  /** Takes characters away from the end while they are among `characters`. */
  trim(characters: string, most = Infinity): void {
    for (let left = most; left > 0; left--) {
      const chunk = this.#chunks.at(-1) ?? ''
      if (chunk === '' || !characters.includes(chunk.charAt(chunk.length - 1))) return
      this.#chunks.pop()
      this.length -= chunk.length
      this.write(chunk.slice(0, -1))
    }
  }

  get text(): string {
    return this.#chunks.join('')
  }
}

/** What stands between delimiters. */
const wordsOf = (text: string): readonly string[] => text.match(/[^ \t\n\r(),=]+/g) ?? []

/** The text with one list put in; `undefined` when its name is not there. */
const putList = (text: string, name: string, put: string): string | undefined => {
  const written = new Writer()
  let done = 0
  let at = text.indexOf(name)
  while (at >= 0 && written.length <= textMax) {
    const before = at > done ? text.charAt(at - 1) : written.last
    let end = at + name.length
    if (!delimiters.includes(before) || !delimiters.includes(text.charAt(end))) {
      at = text.indexOf(name, at + 1)
      continue
    }
    written.write(text.slice(done, at))
    written.trim(blanks)
    while (end < text.length && blanks.includes(text.charAt(end))) end++
    // An empty list takes one comma beside it away.
    if (put === '' && written.last === ',') written.trim(',', 1)
    else if (put === '' && text[end] === ',') end++
    const isFirst = written.length === 0
    written.write(isFirst ? `${put} ` : ` ${put} `)
    done = end
    at = text.indexOf(name, isFirst ? end + 1 : end)
  }
  if (written.length === 0) return undefined
  written.write(text.slice(done))
  return written.text
}

/** Of some lists the next one behind a place in the order; `undefined` at the end. */
const nextOf = (found: Iterable<ExpandedList>, behind: number): ExpandedList | undefined => {
  let next: ExpandedList | undefined
  for (const list of found) {
    if (list.order > behind && (!next || list.order < next.order)) next = list
  }
  return next
}

/**
 * Puts all lists into a condition. Most lists are in few conditions: only those are tried whose
 * name is a word of the text, or of a list that was put in.
 *
 * @param onUse  called with the name of each list that it held
 * @throws LoadFault  it grows too large
 */
export const putLists = (
  condition: string,
  { lists, odd }: ExpandedLists,
  onUse: (name: string) => void,
  context: Context,
): string => {
  const found = new Set(odd)
  const findIn = (words: readonly string[]): void => {
    for (const word of words) {
      const list = lists.get(word)
      if (list) found.add(list)
    }
  }
  findIn(wordsOf(condition))
  let text = condition
  let list = nextOf(found, -1)
  for (; list; list = nextOf(found, list.order)) {
    const next = putList(text, list.name, list.text)
    if (next === undefined) continue
    onUse(list.name)
    findIn(wordsOf(list.text))
    text = next
    if (text.length > textMax) {
      reject(`condition grows over ${textMax} characters once its lists are put in`, context)
    }
  }
  return text
}
