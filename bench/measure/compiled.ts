/** The small C programs of ../programs, built: those of user space once for each of their forms. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
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

const multiarch: Readonly<Record<string, string | undefined>> = { x64: 'x86_64', arm64: 'aarch64' }
const targets: Readonly<Record<string, string | undefined>> = { x64: 'x86', arm64: 'arm64' }

/** Builds a BPF object, which may use the headers of the sensor's own. */
export const compiledBpf = (name: 'produce' | 'floor'): Uint8Array => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-'))
  const target = join(folder, `${name}.o`)
  const headers = `/usr/include/${multiarch[process.arch] ?? process.arch}-linux-gnu`
  const source = join(import.meta.dirname, `../programs/${name}.bpf.c`)
  try {
    const machine = `-D__TARGET_ARCH_${targets[process.arch] ?? process.arch}`
    const flags = ['-O2', '-g', '-Wall', '-Werror', '-target', 'bpf', machine, '-DDIRECT_READS']
    const folders = [`-I${headers}`, `-I${join(root, 'bpf')}`]
    execFileSync('clang', [...flags, ...folders, '-c', source, '-o', target], {
      timeout: buildMsMax,
    })
    return readFileSync(target)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
