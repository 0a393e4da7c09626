/** Rule files as large as others and with the same content, of which no item has the same name. */

/** A name of an item where it stands alone; a field's or an event's name is none. */
const wordOf = (name: string): RegExp => {
  const escaped = name.replace(/[^\w ]/g, '\\$&')
  return new RegExp(`(?<![\\w.%/-])${escaped}(?![\\w./-])`, 'g')
}

/** Names that the items of a kind have. */
const namesOf = (text: string, kind: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^- ${kind}: *(.*?) *$`, 'gm'))].map(([, name = '']) => name)

/**
 * The texts with all rules, macros and lists renamed. Macros and lists of one word keep their
 * names: event types and programs are called like that.
 */
export const renamed = (
  files: readonly { readonly name: string; readonly text: string }[],
): { name: string; text: string }[] => {
  const all = files.map(({ text }) => text).join('\n')
  const names = ['macro', 'list'].flatMap((kind) => namesOf(all, kind))
  const words = [...new Set(names)].filter((name) => name.includes('_'))
  return files.map(({ name, text }) => {
    const rules = text.replace(/^(- rule: .*?) *$/gm, '$1 once more')
    const changed = words.reduce((before, word) => before.replace(wordOf(word), `${word}2`), rules)
    return { name: `copy of ${name}`, text: changed }
  })
}
