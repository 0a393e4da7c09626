/** Tidy's checks of Markdown: one title, links inside the repository lead somewhere, and
 * each page of docs/ is led to. */
import { resolve, type Fault, type Report, type Tree } from './fault.ts'

/** Empties fenced blocks and code spans, keeping the lines. */
function withoutCode(text: string): string[] {
  let fence: string | undefined
  return text.split('\n').map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true) fence = undefined
      return ''
    }
    fence = mark
    return mark === undefined ? line.replace(/(`+)(?!`).*?[^`]\1(?!`)/g, '') : ''
  })
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const line of text.split('\n')) {
    const heading = /^#{1,6} (.*)/.exec(line)?.[1]
    if (heading === undefined) continue
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
    const slug = words.trim().replaceAll(' ', '-')
    let name = slug
    for (let n = 1; anchors.has(name); n++) name = `${slug}-${n}`
    anchors.add(name)
  }
  return anchors
}

/** Where the links of a line lead to. */
const linksOf = (line: string): string[] =>
  Array.from(line.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g), ([, target = '']) => target)

/** Pages of docs/ that no other page leads to. */
export function findLostPages(tree: Tree): Fault[] {
  const pages = [...tree.keys()].filter((file) => file.endsWith('.md'))
  const reached = new Set<string>()
  for (const page of pages) {
    for (const target of withoutCode(tree.get(page) ?? '').flatMap(linksOf)) {
      const [path = ''] = target.split('#', 1)
      const to = resolve(page, path)
      if (path !== '' && to !== page) reached.add(to)
    }
  }
  return pages
    .filter((page) => page.startsWith('docs/') && !reached.has(page))
    .map((file) => ({
      file,
      line: 1,
      code: 'lost',
      message: 'no page leads here',
      help: 'link it from the page that a reader comes from; decisions, from docs/adr/README.md',
    }))
}

/** Reports what is wrong with the page `file`. */
export function checkMarkdown(file: string, text: string, tree: Tree, report: Report): void {
  const lines = withoutCode(text)
  const titles = lines.flatMap((line, at) => (line.startsWith('# ') ? [at + 1] : []))
  const help = 'a page has one title, `# …`, and sections below it'
  if (titles.length === 0) report(1, 'title', 'no title', help)
  for (const line of titles.slice(1)) report(line, 'title', 'a second title', help)
  lines.forEach((line, at) => {
    for (const target of linksOf(line)) {
      if (/^[a-z][a-z+.-]*:/.test(target)) continue
      const [path = '', anchor] = target.split('#', 2)
      const page = path === '' ? file : resolve(path.startsWith('/') ? '' : file, path)
      const isFolder = [...tree.keys()].some((other) => page === '' || other.startsWith(`${page}/`))
      if (!tree.has(page) && !isFolder) {
        report(at + 1, 'link', `\`${target}\` leads nowhere`, 'name a file of this repository')
      } else if (anchor !== undefined && page.endsWith('.md')) {
        if (anchorsOf(tree.get(page) ?? '').has(anchor)) continue
        report(at + 1, 'link', `\`${target}\`: no such heading`, `see the headings of ${page}`)
      }
    }
  })
}
