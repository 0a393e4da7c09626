/**
 * Golden cases as text files. A case is a title behind `# `, what is given, and parts that begin
 * with `==> HEAD`, which hold what comes of it. `UPDATE_CASES=1` writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'

interface GoldenCases {
  readonly files: readonly string[]
  /** All that belongs behind what is given, heads included. */
  readonly answer: (input: string, heads: readonly string[]) => string
  /** Throws where an answer is none that its title allows, whatever the file says. */
  readonly check?: (title: string, answer: string) => void
}

/** Text files in a folder. */
export const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .toSorted()
    .map((name) => join(folder, name))

const isUpdate = process.env['UPDATE_CASES'] === '1'

/** A test a case. */
export function testCases({ files, answer, check }: GoldenCases): void {
  for (const file of files) {
    const cases = readFileSync(file, 'utf8').split(/^(?=# )/m)
    const got = cases.map((text) => {
      const [input = '', ...parts] = text.split(/^==> /m)
      const heads = parts.map((part) => part.slice(0, part.indexOf('\n')))
      return { title: text.slice(2, text.indexOf('\n')), text, input, answer: answer(input, heads) }
    })
    if (isUpdate) {
      const all = got.map((each) => each.input + each.answer).join('')
      writeFileSync(file, `${all.trimEnd()}\n`)
    }
    for (const { title, text, input, answer: now } of got) {
      test(`${basename(file)}: ${title}`, () => {
        check?.(title, now)
        if (!isUpdate) assert.equal((input + now).trimEnd(), text.trimEnd())
      })
    }
  }
}

/** Heads that are questions of one sort, without what they begin with. */
export const questionsOf = (heads: readonly string[], sort: string): readonly string[] =>
  heads.flatMap((head) => (head.startsWith(sort) ? [head.slice(sort.length)] : []))
