/** Tidy's checks that need the whole tree: files that nothing uses, and third-party packages. */
import { folderOf, isTest, isTestData, resolve, type Fault, type Tree } from './fault.ts'

import { isImport, readSource } from './source.ts'
import { unshippedFolders } from './table.ts'

// Imported by nothing of ours, but run: by name, by the test runner, or as `make bench` does.
const isRoot = (file: string): boolean =>
  /^[^/]+\/(?:index|main)\.ts$|\.test\.tsx?$|^bench\/[^/]+\.ts$|\.d\.ts$/.test(file)
const isScript = (file: string): boolean =>
  /(?:^Makefile|\.sh|package\.json|^\.ci\/run)$/.test(file)

/** TypeScript files that no root reaches by imports, by `'./x.ts'` texts or from a script. */
export function findDeadFiles(tree: Tree): Fault[] {
  const scripts = [...tree].filter(([file]) => isScript(file)).map(([, text]) => text)
  const sources = [...tree.keys()].filter((file) => /\.tsx?$/.test(file))
  const alive = new Set<string>()
  const open = sources.filter((f) => isRoot(f) || scripts.some((text) => text.includes(f)))
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (alive.has(file)) continue
    alive.add(file)
    for (const { value } of readSource(tree.get(file) ?? '').literals) {
      if (!/^\.\.?\/.*\.tsx?$/.test(value)) continue
      const target = resolve(file, value)
      if (tree.has(target)) open.push(target)
    }
  }
  return sources
    .filter((file) => !alive.has(file))
    .map((file) => ({
      file,
      line: 1,
      code: 'dead',
      message: 'no index.ts, main.ts, test or script reaches this file',
      help: 'import it where it is used, or delete it',
    }))
}

const dependencyKeys = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

/** Third-party packages that a package.json names, with their lines. */
function packagesOf(text: string): { name: string; line: number }[] {
  const parsed = JSON.parse(text) as Partial<Record<string, Record<string, string>>>
  const names = dependencyKeys.flatMap((key) => Object.keys(parsed[key] ?? {}))
  return names
    .filter((name) => !name.startsWith('@bulwark/'))
    .map((name) => ({
      name,
      line: text.split('\n').findIndex((line) => line.includes(`"${name}":`)) + 1,
    }))
}

/** Packages that no decision record names, and imports that the folder's package.json lacks. */
export function checkPackages(tree: Tree): Fault[] {
  const faults: Fault[] = []
  const records = [...tree].filter(([file]) => /^docs\/adr\/.*\.md$/.test(file))
  const decided = records.map(([, text]) => text).join('\n')
  const declared = new Map<string, string[]>()
  for (const [file, text] of tree) {
    if (!/^(?:[^/]+\/)?package\.json$/.test(file)) continue
    const packages = packagesOf(text)
    const folder = file.includes('/') ? resolve(file, '.') : ''
    declared.set(
      folder,
      packages.map(({ name }) => name),
    )
    for (const { name, line } of packages) {
      if (decided.includes(`\`${name}\``)) continue
      const message = `no decision record names the package \`${name}\``
      const help = `say in docs/adr/ why it is worth its risk, as \`${name}\``
      faults.push({ file, line, code: 'package', message, help })
    }
  }
  for (const [file, text] of tree) {
    const folder = folderOf(file)
    if (!/\.tsx?$/.test(file) || !declared.has(folder)) continue
    // Tests may use what the root has for every folder.
    const forTests = isTest(file) || isTestData(file) || unshippedFolders.includes(folder)
    const known = forTests ? [folder, ''] : [folder]
    for (const literal of readSource(text).literals.filter(isImport)) {
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(literal.value)?.[0] ?? ''
      if (/^(?:\.|node:|@bulwark\/)/.test(literal.value)) continue
      if (known.some((from) => declared.get(from)?.includes(name) === true)) continue
      const message = `\`${name}\` is not in ${folder}/package.json`
      const help = 'add it there, and its decision record: another folder may drop it'
      faults.push({ file, line: literal.line, code: 'package', message, help })
    }
  }
  return faults
}
