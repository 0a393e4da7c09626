/** Text in columns, for people. */

const leftColumns = 50
const rightColumns = 59

/** Lines of no more than so many characters, broken at blanks. */
export const wrap = (text: string, columns: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
  }
  return [...lines, line]
}

/** Two columns as `falco -L` has them. */
export const twoColumns = (left: string, right: string): string =>
  wrap(right, rightColumns)
    .map((line, i) => `${(i === 0 ? left : '').padEnd(leftColumns)} ${line}`)
    .join('\n')
