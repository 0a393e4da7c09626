/** What the demo does to the machine: programs that it runs, cgroups and folders it removes. */
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { tmpdir } from 'node:os'

/** How a program ended. */
export interface Ended {
  readonly code: number
  /** Of both streams, to a bound. */
  readonly output: string
}

const outputCharsMax = 64 * 1024
/** The exit code of a program that a signal ended, or that could not be started. */
const noCode = 128

/** Where a program is; also where Kubernetes distributions keep their own. */
export const findProgram = (name: string): string | undefined => {
  const own = ['/usr/sbin', '/usr/local/sbin', '/var/lib/rancher/k3s/data/current/bin']
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...own]) {
    try {
      const path = join(folder, name)
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not there.
    }
  }
  return undefined
}

/** Runs a program to its end, or to the end of its time. Never rejects. */
export const runProgram = (argv: readonly string[], msMax: number): Promise<Ended> =>
  new Promise((resolve) => {
    const [program = '', ...rest] = argv
    const child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: msMax,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const take = (chunk: string): void => {
      if (output.length < outputCharsMax) output += chunk
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.once('error', (error) => resolve({ code: noCode, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? noCode, output }))
  })

/** Mount points of the hierarchies of cgroups: one, or many. */
const hierarchies = (): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [left = '', right = ''] = line.split(' - ')
      const point = left.split(' ')[4]
      return point !== undefined && /^cgroup2? /.test(right) ? [point] : []
    })

/** Whether it is gone: something may live in it, or something else may have removed it. */
const isRemoved = (path: string): boolean => {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
  }
}

/** Removes a cgroup, and those above it that are empty then. */
export const removeCgroup = (path: string): void => {
  for (const hierarchy of hierarchies()) {
    for (let at = path; at !== '/'; at = dirname(at)) {
      if (!isRemoved(join(hierarchy, at))) break
    }
  }
}

const prefix = 'bulwark-demo-'
const folderName = /^bulwark-demo-(\d+)-(\d+)-/

/** When a process was started, in ticks since boot; `undefined`: it is not there. */
const startOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** The beginning of a folder's path, which says whose it is. */
export const demoFolderPrefix = (): string =>
  join(tmpdir(), `${prefix}${process.pid}-${startOf(process.pid) ?? '0'}-`)

/** Folders of demos that were killed. */
export const deadFolders = (): readonly string[] =>
  readdirSync(tmpdir()).flatMap((name) => {
    const [, pid, start] = folderName.exec(name) ?? []
    const isDead = pid !== undefined && startOf(Number(pid)) !== start
    return isDead ? [join(tmpdir(), name)] : []
  })

export const removeFolder = (path: string): void => {
  rmSync(path, { recursive: true, force: true })
}
