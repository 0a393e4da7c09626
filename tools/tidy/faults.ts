/**
 * What tidy finds in a tree of files. Pure: the same tree gives the same faults, in order of file
 * and line, so every check is tested with one line of input. The checks that need one file are
 * here; those that need the whole tree are in tree.ts.
 */
import {
  folderOf,
  isTest,
  isTestData,
  resolve,
  type Fault,
  type Report,
  type Tree,
} from './fault.ts'
import { checkMarkdown, findLostPages } from './markdown.ts'
import { isImport, readSource, type Source } from './source.ts'
import * as table from './table.ts'
import { checkPackages, findDeadFiles } from './tree.ts'

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

/** Every fault of a tree that no `tidy-allow` comment excuses, and every idle such comment. */
export function findFaults(tree: Tree): Fault[] {
  const found: Fault[] = [...findDeadFiles(tree), ...checkPackages(tree), ...findLostPages(tree)]
  for (const [file, text] of tree) {
    checkFile(file, text, tree, (line, code, message, help) => {
      found.push({ file, line, code, message, help })
    })
  }
  const inFile = Map.groupBy(found, ({ file }) => file)
  const left = [...tree].flatMap(([file, text]) => excuse(file, text, inFile.get(file) ?? []))
  return left.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}

function checkFile(file: string, text: string, tree: Tree, report: Report): void {
  const lines = text.split('\n')
  lines.forEach((line, at) => {
    for (const { pattern, what } of table.bannedText) {
      const help = 'name the thing, not where this machine finds it'
      if (pattern.test(line)) report(at + 1, 'machine', `${what} in the text`, help)
    }
  })
  if (file.endsWith('.md')) checkMarkdown(file, text, tree, report)
  if (!/\.(?:ts|tsx|c|h|cc|sh)$/.test(file)) return
  if (/\bgenerated\b/i.test(lines[0] ?? '')) return
  checkLines(file, lines, report)
  if (/\.tsx?$/.test(file)) checkSource(file, readSource(text), report)
}

function checkLines(file: string, lines: readonly string[], report: Report): void {
  const first = lines.find((line) => !line.startsWith('#!') && line.trim() !== '') ?? ''
  if (!/^(?:\/\/|\/\*|#)/.test(first)) {
    report(1, 'head', 'no head comment', 'say what the file is, and why it is there')
  }
  const max = /\.bpf\.[ch]$/.test(file) ? table.limits.bpfLinesMax : table.limits.sourceLinesMax
  if (lines.length - 1 > max) {
    report(1, 'length', `${lines.length - 1} lines, at most ${max}`, 'split it by noun')
  }
  lines.forEach((line, at) => {
    const columns = line.replaceAll('\t', '        ').length
    // Not an address, not a directive; and in tests, a line of data may be as long as it must.
    const whole = /:\/\/|oxlint-disable/.test(line) || (isTest(file) && /['"`]/.test(line))
    if (columns > table.limits.columnsMax && !whole) {
      report(
        at + 1,
        'columns',
        `${columns} columns, at most ${table.limits.columnsMax}`,
        'break it',
      )
    }
    const mark = table.marks.exec(line)?.[0]
    if (mark !== undefined) report(at + 1, 'mark', `\`${mark}\``, 'do it, or open an issue')
  })
  if (!isTest(file)) checkFunctions(lines, report)
}

// Where a function starts, by its form: named, arrow, method, and the brace of a C function.
const functionStarts: readonly RegExp[] = [
  /^(\s*)(?:export )?(?:async )?function\b/,
  /^(\s*)(?:export )?const \w+ = (?:async )?\(.*[{(]$/,
  /^(\s+)(?!(?:if|for|while|switch)\b)(?:(?:static|async|get|set) )*[\w#]+\([^;]*\{$/,
  /^()\{$/,
]

/** Relies on the formatter: a function ends at the first line that is its indent and a brace. */
function checkFunctions(lines: readonly string[], report: Report): void {
  lines.forEach((line, at) => {
    const start = functionStarts.map((form) => form.exec(line)).find((match) => match !== null)
    if (start === undefined) return
    const close = `${start[1] ?? ''}}`
    const size = lines.slice(at).findIndex((other, n) => n > 0 && other.startsWith(close)) + 1
    if (size <= table.limits.functionLinesMax) return
    report(
      at + 1,
      'function',
      `${size} lines, at most ${table.limits.functionLinesMax}`,
      'split it',
    )
  })
}

function checkSource(file: string, source: Source, report: Report): void {
  const folder = folderOf(file)
  const unshipped = table.unshippedFolders.includes(folder) || isTestData(file)
  const shipped = !isTest(file) && !unshipped
  const pure = shipped && table.pureFolders.includes(folder)
  for (const { value, line } of source.literals.filter(isImport)) {
    if (pure && value.startsWith('node:')) {
      report(line, 'pure', `\`${value}\` in ${folder}/`, 'take what it gives as a parameter')
    }
    checkImport(file, value, (...fault) => report(line, ...fault))
  }
  for (const { pattern, where, exceptIn, onlyIn, instead } of table.bans) {
    const holds = { everywhere: true, shipped, pure, test: isTest(file) }[where]
    if (!holds || exceptIn?.includes(folder) === true) continue
    if (onlyIn !== undefined && !onlyIn.includes(folder)) continue
    for (const match of source.code.matchAll(new RegExp(pattern, 'g'))) {
      report(lineAt(source.code, match.index), 'banned', `\`${match[0]}\``, `use ${instead}`)
    }
  }
  if (!file.endsWith('/index.ts')) return
  for (const match of source.code.matchAll(/\bexport\s+(?:\*|default\b)/g)) {
    const line = lineAt(source.code, match.index)
    // Generated names are listed by what generates them.
    if (source.literals.some((l) => l.line === line && l.value.endsWith('.gen.ts'))) continue
    const help = 'name each export, so that the folder shows what it offers'
    report(line, 'index', `\`${match[0]}\``, help)
  }
}

function checkImport(
  file: string,
  value: string,
  report: (code: string, message: string, help: string) => void,
): void {
  const folder = folderOf(file)
  const [, other, inner] = /^@bulwark\/([^/]+)(\/.*)?$/.exec(value) ?? []
  if (value.startsWith('.')) {
    const target = resolve(file, value)
    if (folderOf(target) === folder) return
    report('inner', `\`${value}\` leaves ${folder}/`, `import \`@bulwark/${folderOf(target)}\``)
  } else if (other !== undefined) {
    const allowed = table.mayImport[folder]
    if (inner !== undefined) report('inner', `\`${value}\``, `import \`@bulwark/${other}\``)
    if (allowed === 'anything' || allowed?.includes(other) === true) return
    const list = allowed === undefined || allowed.length === 0 ? 'nothing' : allowed.join(', ')
    report('import', `${folder}/ imports ${other}/`, `it may import ${list}`)
  }
}

/** Drops the faults that a `tidy-allow CODE: reason` on the line or the one above it excuses. */
function excuse(file: string, text: string, faults: readonly Fault[]): Fault[] {
  const left = new Set(faults)
  text.split('\n').forEach((line, at) => {
    const [, code, reason] = /(?:^|\s)(?:\/\/|#|\/\*) tidy-allow (\w+)(: \S.*)?/.exec(line) ?? []
    if (code === undefined) return
    const near = (fault: Fault): boolean => fault.line === at + 1 || fault.line === at + 2
    const excused = faults.filter((f) => f.code === code && (near(f) || f.line === 1))
    for (const fault of excused) left.delete(fault)
    const fault = { file, line: at + 1, code: 'allow', message: `tidy-allow ${code}` }
    if (excused.length === 0) left.add({ ...fault, help: 'it excuses nothing: remove it' })
    else if (reason === undefined) left.add({ ...fault, help: 'say why, after a colon' })
  })
  return [...left]
}
