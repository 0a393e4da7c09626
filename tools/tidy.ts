/**
 * `make tidy`: the rules of style and structure that no formatter or linter knows (import table,
 * purity, banned calls, dead files, lengths, links), each fault with what to do instead. This file
 * reads the disk and prints; what is a fault is decided in tidy/.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from './tidy/fault.ts'
import { findFaults } from './tidy/faults.ts'

const root = join(import.meta.dirname, '..')
const skipped = new Set(['.git', '.build', '.node', 'dist', 'node_modules', 'package-lock.json'])

/** The repository's files. Walks the disk, so that it also works outside a git checkout. */
export function readTree(): Tree {
  const tree = new Map<string, string>()
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (skipped.has(entry.name)) continue
      if (entry.isDirectory()) walk(path)
      if (!entry.isFile()) continue
      const text = readFileSync(join(root, path), 'utf8')
      tree.set(path, text.includes('\0') ? '' : text)
    }
  }
  walk('')
  return tree
}

if (import.meta.main) {
  const tree = readTree()
  const faults = findFaults(tree)
  for (const { file, line, code, message, help } of faults) {
    console.log(`${file}:${line}: ${code}: ${message}; ${help}`)
  }
  console.error(`tidy: ${tree.size} files, ${faults.length} faults`)
  if (faults.length > 0) process.exitCode = 1
}
