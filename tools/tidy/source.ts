/**
 * Reads just enough of a TypeScript file for tidy: its code with comments and text blanked, and
 * its text literals. No parser: a new one would be a dependency, and bans and imports need none.
 * It does not check syntax; `tsc` does.
 */

/** A text literal, what stands before it (to tell an import), and its line, from 1. */
export interface Literal {
  readonly value: string
  readonly before: string
  readonly line: number
}

export interface Source {
  /** As long as the text, with the same line breaks; comments, text and patterns are spaces. */
  readonly code: string
  readonly literals: readonly Literal[]
}

const comment = /\/\/[^\n]*|\/\*[^]*?\*\//.source
const quoted = /'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"/.source
const pattern = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/.source
// Backticks and braces need the stack: a template's hole holds code, which may hold templates.
const token = new RegExp(`${comment}|${quoted}|${pattern}|[\`{}]`, 'g')
const templatePart = /(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y
// Before a pattern stands an operator, an opening bracket or one of these words; else it divides.
const beforePattern = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|of|in|await|yield))\s*$/

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')
/** Keeps the quotes, so that what follows a literal is still seen to follow a value. */
const hollow = (text: string): string => `${text[0]}${blank(text.slice(1, -1))}${text.at(-1)}`

/** Splits TypeScript text into code and literals. Never throws. */
export function readSource(text: string): Source {
  const literals: Literal[] = []
  const holes: boolean[] = [] // For each open brace: whether it is a template's hole.
  let code = ''
  let end = 0
  let lineAt = 0
  let line = 1
  const addLiteral = (start: number, value: string): void => {
    for (; lineAt < start; lineAt++) if (text[lineAt] === '\n') line++
    literals.push({ value, before: code.slice(-40).trimEnd(), line })
  }
  const readTemplate = (start: number): void => {
    templatePart.lastIndex = start
    const part = templatePart.exec(text)?.[0] ?? ''
    if (part.endsWith('${')) holes.push(true)
    else addLiteral(start, part.slice(0, -1))
    code += part.endsWith('`') ? `${blank(part.slice(0, -1))}\`` : blank(part)
    end = start + part.length
  }
  for (;;) {
    token.lastIndex = end
    const match = token.exec(text)
    if (match === null) return { code: code + text.slice(end), literals }
    const found = match[0]
    code += text.slice(end, match.index)
    end = match.index + found.length
    if (found === '`') {
      code += '`'
      readTemplate(end)
    } else if (found === '{' || (found === '}' && holes.pop() !== true)) {
      if (found === '{') holes.push(false)
      code += found
    } else if (found === '}') {
      code += ' '
      readTemplate(end)
    } else if (found.startsWith("'") || found.startsWith('"')) {
      addLiteral(match.index, found.slice(1, -1))
      code += hollow(found)
    } else if (found.startsWith('//') || found.startsWith('/*')) {
      code += blank(found)
    } else if (beforePattern.test(code.slice(-40))) {
      code += hollow(found)
    } else {
      code += '/'
      end = match.index + 1
    }
  }
}

/** Whether a literal names a module: `from '…'`, `import '…'` or `import('…')`. */
export const isImport = (literal: Literal): boolean =>
  /(?<![.\w])(?:from|import|import\()$/.test(literal.before)
