/**
 * Takes containers down, and finds what is left of them. Blocking on purpose: the same code runs
 * when a test ends, when the process is interrupted, and when a lab finds a dead one's folder.
 */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runSync } from './command.ts'
import { remainingCgroups, removeCgroups } from './cgroups.ts'
import { mountsUnder } from './mounts.ts'
import { removePods } from './pod-remains.ts'

/** runc's own default: agents read each container's state.json there. */
const runtimeRoot = '/run/runc'
const prefix = 'bulwark-lab-'

/** Folder names that tell a later lab whose they were: `bulwark-lab-<pid>-<start>-`. */
export function labFolderPrefix(): string {
  return join(tmpdir(), `${prefix}${process.pid}-${startOf(process.pid) ?? '0'}-`)
}

/** Removes one container: its processes, its runtime state, its mounts, cgroups and folder. */
export function removeContainer(directory: string): void {
  const id = idOf(directory)
  if (existsSync(join(runtimeRoot, id))) runSync(['runc', 'delete', '--force', id])
  for (const mountPoint of mountsUnder(directory)) runSync(['umount', '--lazy', mountPoint])
  const cgroupPath = cgroupPathOf(directory)
  if (cgroupPath !== undefined) removeCgroups(cgroupPath)
  // Not while something is mounted there: the deletion would go through into it.
  if (mountsUnder(directory).length === 0) rmSync(directory, { recursive: true, force: true })
}

/** Removes a lab: all its containers, then its folder. */
export function removeLab(directory: string): void {
  const containers = join(directory, 'containers')
  if (existsSync(containers)) {
    for (const name of readdirSync(containers)) removeContainer(join(containers, name))
  }
  removePods(directory)
  if (mountsUnder(directory).length === 0) rmSync(directory, { recursive: true, force: true })
}

/** Removes the labs of processes that no longer live, such as one that was killed. */
export function removeDeadLabs(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-(\\d+)-`).exec(name)
    if (owner === null || startOf(Number(owner[1])) === owner[2]) continue
    removeLab(join(tmpdir(), name))
  }
}

/** What is left on the machine of containers with these ids and cgroup paths, in words. */
export function findRemains(
  labDirectory: string,
  containers: ReadonlyMap<string, string>,
): string[] {
  const remains = mountsUnder(labDirectory).map((path) => `mount ${path}`)
  for (const [id, cgroupPath] of containers) {
    if (existsSync(join(runtimeRoot, id))) remains.push(`runtime state ${join(runtimeRoot, id)}`)
    remains.push(...remainingCgroups(dirname(cgroupPath)).map((path) => `cgroup ${path}`))
  }
  if (existsSync(labDirectory)) remains.push(`folder ${labDirectory}`)
  return remains
}

/** The folder of a container bears its id. */
function idOf(directory: string): string {
  return directory.slice(directory.lastIndexOf('/') + 1)
}

function cgroupPathOf(directory: string): string | undefined {
  const file = join(directory, 'config.json')
  if (!existsSync(file)) return undefined
  const found = /"cgroupsPath":"([^"]+)"/.exec(readFileSync(file, 'utf8'))
  return found?.[1]
}

/** When a process started, in ticks since boot: with the pid it names one process for ever. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
