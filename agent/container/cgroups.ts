/**
 * Which hierarchies of cgroups this machine has, and which of them tell containers apart: v2
 * alone, v1 alone, or both (hybrid), as the kernel's texts say. Pure but for `readCgroups`.
 */
import { readFileSync, readdirSync } from 'node:fs'
import {
  CGROUP_V1_CPU,
  CGROUP_V1_DEVICES,
  CGROUP_V1_FREEZER,
  CGROUP_V1_MEMORY,
  CGROUP_V1_NONE,
  CGROUP_V1_PIDS,
} from '@bulwark/schema'
import { containerInPath } from './container.ts'

/** Where (a part of) a hierarchy can be seen. */
export interface CgroupMount {
  readonly point: string
  /** The cgroup that stands at the mount point: `/`, unless a part of the tree is mounted. */
  readonly root: string
}

/** One hierarchy: a tree of cgroups with ids of its own, which mean nothing in another. */
export interface Hierarchy {
  /** As the kernel numbers it; 0 is v2. */
  readonly number: number
  readonly mounts: readonly CgroupMount[]
}

/** A v1 hierarchy whose cgroups the kernel side can tell. */
export interface OldHierarchy extends Hierarchy {
  readonly controller: string
  /** `CGROUP_V1_*`. */
  readonly knob: number
}

/** The hierarchies in which containers are looked for. */
export interface Cgroups {
  /** Without mounts where v2 is not in use: then every process is in its root. */
  readonly unified: Hierarchy
  readonly old: OldHierarchy | undefined
}

/** The three ways a machine can be set up, and none at all. */
export type CgroupMode = 'v2' | 'hybrid' | 'v1' | 'none'

/** The controllers that the kernel side can follow. With equal standing the first is taken. */
const knobs: Readonly<Record<string, number>> = {
  memory: CGROUP_V1_MEMORY,
  pids: CGROUP_V1_PIDS,
  devices: CGROUP_V1_DEVICES,
  freezer: CGROUP_V1_FREEZER,
  cpu: CGROUP_V1_CPU,
}

/** The kernel's number of the hierarchy that is v2. */
export const unifiedNumber = 0
/** The id of the root of every hierarchy. */
export const rootCgroup = 1

/** Blanks and the like are written as octal numbers there. */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))

interface MountLine extends CgroupMount {
  readonly type: string
  readonly options: readonly string[]
}

const mountLine = (line: string): MountLine | undefined => {
  const [left = '', right = ''] = line.split(' - ')
  const [, , , root, point] = left.split(' ')
  const [type = '', , options = ''] = right.split(' ')
  if (root === undefined || point === undefined || !/^cgroup2?$/.test(type)) return undefined
  return { root: unescaped(root), point: unescaped(point), type, options: options.split(',') }
}

/** Lines of /proc/PID/cgroup: `number:controller,controller:path`. */
const cgroupLines = (
  text: string,
): readonly { number: number; controllers: readonly string[]; path: string }[] =>
  text.split('\n').flatMap((line) => {
    const [number, controllers, ...path] = line.split(':')
    if (number === undefined || !/^\d+$/.test(number) || path.length === 0) return []
    const names = (controllers ?? '').split(',')
    return [{ number: Number(number), controllers: names, path: path.join(':') }]
  })

/** The path of a process in one hierarchy, from the text of /proc/PID/cgroup. */
export const cgroupPathIn = (text: string, hierarchy: number): string | undefined =>
  cgroupLines(text)
    .find(({ number }) => number === hierarchy)
    // The kernel says so of a cgroup that was removed while a process ends in it.
    ?.path.replace(/ \(deleted\)$/, '')

/**
 * Which hierarchies tell containers apart. Of several v1 hierarchies, the one in which most
 * processes are in containers, because nothing says that a runtime uses all of them.
 *
 * @param mountinfo  text of /proc/self/mountinfo
 * @param own        text of /proc/self/cgroup
 * @param others     texts of /proc/PID/cgroup; asked for only where there are v1 hierarchies
 */
export const cgroupsFrom = (
  mountinfo: string,
  own: string,
  others: () => readonly string[],
): Cgroups => {
  const lines = mountinfo.split('\n').flatMap((line) => mountLine(line) ?? [])
  const unified = {
    number: unifiedNumber,
    mounts: lines.filter(({ type }) => type === 'cgroup2').map(asMount),
  }
  const old = cgroupLines(own).flatMap(({ number, controllers }) => {
    const controller = Object.keys(knobs).find((name) => controllers.includes(name))
    const mounts = lines
      .filter(({ type, options }) => type === 'cgroup' && options.includes(controller ?? ''))
      .map(asMount)
    if (controller === undefined || mounts.length === 0) return []
    return [{ number, controller, knob: knobs[controller] ?? CGROUP_V1_NONE, mounts }]
  })
  return { unified, old: old.length === 0 ? undefined : mostUsed(old, others()) }
}

const asMount = ({ point, root }: MountLine): CgroupMount => ({ point, root })

const mostUsed = (
  old: readonly OldHierarchy[],
  texts: readonly string[],
): OldHierarchy | undefined => {
  const rank = Object.keys(knobs)
  // Of hundreds of processes most are in the same cgroups.
  const processes = Map.groupBy(texts, (text) => text)
  const uses = new Map<number, number>()
  for (const [text, { length }] of processes) {
    for (const { number } of old) {
      if (!containerInPath(cgroupPathIn(text, number) ?? '')) continue
      uses.set(number, (uses.get(number) ?? 0) + length)
    }
  }
  return old.toSorted(
    (a, b) =>
      (uses.get(b.number) ?? 0) - (uses.get(a.number) ?? 0) ||
      rank.indexOf(a.controller) - rank.indexOf(b.controller),
  )[0]
}

/** How this machine is set up. */
export const cgroupMode = ({ unified, old }: Cgroups): CgroupMode => {
  if (unified.mounts.length > 0) return old ? 'hybrid' : 'v2'
  return old ? 'v1' : 'none'
}

/** Asks the machine. */
export const readCgroups = (): Cgroups =>
  cgroupsFrom(
    readFileSync('/proc/self/mountinfo', 'latin1'),
    readFileSync('/proc/self/cgroup', 'latin1'),
    () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .flatMap((pid) => {
          try {
            return [readFileSync(`/proc/${pid}/cgroup`, 'latin1')]
          } catch {
            return [] // ended while we looked
          }
        }),
  )
