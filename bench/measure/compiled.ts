/** The small C programs of ../programs, built once for each of their forms. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './official.ts'

const buildMsMax = 60_000

/**
 * Builds a program, unless that was done (a guest has no compiler); static, so that it makes no
 * system call of its own but at its start.
 *
 * @returns its path
 */
export const compiled = (name: 'loops' | 'launch' | 'pass'): string => {
  const folder = join(root, '.build/bench')
  const source = join(import.meta.dirname, `../programs/${name}.c`)
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
  const program = join(folder, `${name}-${hash}`)
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const flags = ['-O2', '-static', '-Wall', '-Wextra', '-Werror']
  execFileSync('gcc', [...flags, '-o', program, source], { timeout: buildMsMax })
  return program
}
