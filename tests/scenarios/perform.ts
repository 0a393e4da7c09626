/**
 * Performs acts of the catalogue: each in a container of its own, by a program of the container
 * (`/app/server`, as if it had been broken into) that starts the script in the container's shell.
 * strace looks on from outside, so that an act that did not happen cannot pass for one.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Container, type ContainerOptions, type Lab, LabError } from '@bulwark/tools'
import type { Tried } from './catalogue.ts'
import type { Roots } from './roots.ts'

/** What came of an act. */
export type Performed = {
  /** The container's id as alerts have it. */
  readonly container: string
  /** What it wrote, for a person who looks why. */
  readonly output: string
  /** Why it did not happen here; undefined when it did. */
  readonly missing: string | undefined
}

const actMsMax = 45_000
const server = '/app/server'
/** In a file: on a command line its words would be those of the shell that runs it. */
const scriptFile = '/app/act.sh'

/** Performs one script in a new container. */
export async function performScript(
  lab: Lab,
  roots: Roots | undefined,
  tried: Tried,
  kind: 'attack' | 'twin',
): Promise<Performed> {
  const script = kind === 'attack' ? tried.attack : (tried.twin ?? '')
  const container = await lab.createContainer(containerFor(tried, script, roots))
  const trace = join(lab.directory, `trace-${container.id}`)
  try {
    const shell = isDebian(tried, script) ? '/bin/bash' : '/bin/sh'
    const argv = [server, 'spawn', shell, scriptFile]
    const traceTo = roots === undefined ? {} : { traceTo: trace }
    const { code, output, late } = await runBounded(container, argv, traceTo)
    const missing = late ?? (roots === undefined ? undefined : absence(trace, tried, kind, output))
    return { container: container.id.slice(0, 12), output: `code ${code}\n${output}`, missing }
  } finally {
    await container.destroy()
    rmSync(trace, { force: true })
  }
}

async function runBounded(
  container: Container,
  argv: readonly string[],
  options: { traceTo?: string },
): Promise<{ code: number; output: string; late?: string }> {
  try {
    const result = await container.exec(argv, { ...options, timeoutMs: actMsMax })
    return { code: result.code, output: result.stdout + result.stderr }
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return { code: -1, output: error.message, late: `it did not end within ${actMsMax} ms` }
  }
}

/** Some acts of a busybox start programs that no busybox has: those need the Debian. */
const isDebian = ({ env }: Tried, script: string): boolean =>
  !/^(?:busybox|hostPath)/.test(env) || /\b(?:python3|curl)\b/.test(script)

/** Evidence in place of the catalogue's, where the programs here do the same by other calls. */
const sameEvidence: Readonly<Record<string, readonly RegExp[] | undefined>> = {
  'EXEC-17': [/chmod\("\/tmp\/rs", 0104755\)\s+= 0/], // the type of the file with the mode
  // Each try has a tenth of a second, which is too short for the last of them on a busy machine.
  'NET-07': [/htons\(10250\), sin_addr=inet_addr\("127\.0\.1\.\d+"\)/],
  'EXEC-22': [/execve\("\/tmp\/su0", \["id"\].* = 0/], // a busybox that does not look where it is
  'EVADE-16': [/"\/etc\/ld\.so\.preload", O_RDWR\|O_CREAT/],
}

/** The container that an environment asks for; without roots the lab's own image. */
function containerFor(tried: Tried, script: string, roots: Roots | undefined): ContainerOptions {
  const capability = /\((CAP_\w+)\)/.exec(tried.env)?.[1]
  return {
    programs: [server],
    files: { [scriptFile]: script },
    ...(roots === undefined
      ? {}
      : { root: isDebian(tried, script) ? roots.debian : roots.busybox }),
    ...(capability === undefined ? {} : { capabilities: [capability] }),
    command: ['/bin/sleep', '3600'],
  }
}

/** What of an act did not happen, by what strace saw. Of a twin only: that a program is missing. */
function absence(
  trace: string,
  tried: Tried,
  kind: 'attack' | 'twin',
  output: string,
): string | undefined {
  if (kind === 'twin') return /\S+: (?:command )?not found/.exec(output)?.[0]
  const lines = readFileSync(trace, 'latin1').split('\n')
  for (const pattern of sameEvidence[tried.id] ?? tried.evidence) {
    const found = lines.filter((line) => pattern.test(line))
    if (found.length === 0) return `no call was like ${String(pattern)}`
    // One that is no more than an attempt has happened, whatever the kernel said to it.
    const isAttempt = tried.env.includes('(attempt)')
    if (!isAttempt && found.every((line) => line.includes('ENOSYS')))
      return 'this kernel has no such call: ENOSYS'
  }
  return undefined
}
