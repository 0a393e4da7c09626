/** Tidy's checks of Markdown: one title, and links inside the repository lead somewhere. */
import { resolve, type Report, type Tree } from './fault.ts'

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

/** Reports what is wrong with the page `file`. */
export function checkMarkdown(file: string, text: string, tree: Tree, report: Report): void {
  const lines = withoutCode(text)
  const titles = lines.flatMap((line, at) => (line.startsWith('# ') ? [at + 1] : []))
  const help = 'a page has one title, `# …`, and sections below it'
  if (titles.length === 0) report(1, 'title', 'no title', help)
  for (const line of titles.slice(1)) report(line, 'title', 'a second title', help)
  lines.forEach((line, at) => {
    for (const [, target = ''] of line.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)) {
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
