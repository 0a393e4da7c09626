/** A program that nobody else runs, and rules about it: a set-up for tests of `bulwark run`. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

export interface RareProgram {
  /** Of the test's own; removed after it. */
  readonly folder: string
  readonly program: string
  /** The rule file. */
  readonly rules: string
}

/** @param rulesOf  the text of the rules, about the program */
export const useRareProgram = (rulesOf: (program: string) => string): RareProgram => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-rare-'))
  after(() => rmSync(folder, { recursive: true }))
  const program = join(folder, 'rare-program')
  const rules = join(folder, 'rules.yaml')
  copyFileSync('/bin/true', program)
  writeFileSync(rules, rulesOf(program))
  return { folder, program, rules }
}
