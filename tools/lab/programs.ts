/** Builds `act`, the lab's one helper program, from tools/lab/programs into a cache. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { runOrThrow } from './command.ts'

const sources = join(import.meta.dirname, 'programs')
const cache = join(import.meta.dirname, '../../.build/lab')
const flags = ['-static', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread']

/**
 * The path of a static `act` for this machine. Built when its sources have no build yet; two labs
 * may build at once, since each writes its own file and then renames it into place.
 */
export async function buildAct(): Promise<string> {
  const files = readdirSync(sources).sort()
  const hash = createHash('sha256').update(flags.join(' ') + process.arch)
  for (const file of files) hash.update(file).update(readFileSync(join(sources, file)))
  const program = join(cache, `act-${hash.digest('hex').slice(0, 12)}`)
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const draft = `${program}.${process.pid}`
  const units = files.filter((file) => file.endsWith('.c')).map((file) => join(sources, file))
  await runOrThrow(['gcc', ...flags, '-o', draft, ...units])
  renameSync(draft, program)
  return program
}
