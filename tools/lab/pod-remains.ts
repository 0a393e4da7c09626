/**
 * Takes down what a containerd of the lab's has started, and finds what is left of it. Blocking, as
 * remains.ts is, which calls it for a lab whose process was killed.
 */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hierarchies } from './cgroups.ts'
import { runSync } from './command.ts'
import { mountsUnder } from './mounts.ts'

/** Where runc keeps the state of what containerd's shim starts; the shim decides. */
const runtimeRoot = '/run/containerd/runc/k8s.io'

/** The part of a pod's cgroup path that is this lab's own; the parent of all its pods. */
export function labCgroup(folder: string): string {
  return `bulwark${folder.replace(/.*bulwark-lab-/, '').replaceAll(/\W/g, '')}`
}

/** Ends the pods of a containerd that runs no more, and unmounts what it mounted. */
export function removePods(folder: string): void {
  if (!existsSync(join(folder, 'state'))) return
  for (const id of podIds(folder)) {
    runSync(['runc', '--root', runtimeRoot, 'delete', '--force', id])
  }
  for (const pid of shimsOf(folder)) killQuietly(pid)
  for (const path of shimSockets(folder)) rmSync(path, { force: true })
  for (const point of mountsUnder(folder)) runSync(['umount', '--lazy', point])
  for (const path of podCgroups(folder)) runSync(['rmdir', path])
}

/** What is left on the machine of a containerd's pods, in words. */
export function findPodRemains(folder: string): string[] {
  const states = podIds(folder).map((id) => join(runtimeRoot, id))
  return [
    ...shimsOf(folder).map((pid) => `process ${pid}`),
    ...shimSockets(folder)
      .filter((path) => existsSync(path))
      .map((path) => `socket ${path}`),
    ...states.filter((path) => existsSync(path)).map((path) => `runtime state ${path}`),
    ...podCgroups(folder).map((path) => `cgroup ${path}`),
  ]
}

/** Where a containerd of a folder listens. */
export function socketOf(folder: string): string {
  return join(folder, 'containerd.sock')
}

/** The bundles of all containers and sandboxes. */
function podIds(folder: string): string[] {
  const tasks = tasksOf(folder)
  return existsSync(tasks) ? readdirSync(tasks) : []
}

function tasksOf(folder: string): string {
  return join(folder, 'state/io.containerd.runtime.v2.task/k8s.io')
}

/** Where the shims listen: each bundle says it. */
function shimSockets(folder: string): string[] {
  return podIds(folder).flatMap((id) => {
    const file = join(tasksOf(folder), id, 'address')
    if (!existsSync(file)) return []
    return readFileSync(file, 'utf8').replace(/^unix:\/\//, '')
  })
}

/** The shims that serve this containerd, by its socket in their arguments. */
function shimsOf(folder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      const isShim = words[0]?.includes('containerd-shim') === true
      return isShim && words.includes(socketOf(folder)) ? [Number(name)] : []
    } catch {
      return [] // ended while we looked
    }
  })
}

/** Directories of this lab's pods in all hierarchies, innermost first. */
function podCgroups(folder: string): string[] {
  const name = labCgroup(folder)
  const tops = hierarchies().flatMap((point) => [join(point, name), join(point, `${name}.slice`)])
  const found: string[] = []
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) walk(join(path, entry.name))
    }
    found.push(path)
  }
  for (const top of tops) if (existsSync(top)) walk(top)
  return found
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
