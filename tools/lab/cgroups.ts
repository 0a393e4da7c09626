/**
 * The cgroup directories of a pod, as the kubelet with the systemd driver lays them out, in every
 * hierarchy this machine has mounted. runc makes the container's own; the pod's are ours.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

const makeAttemptsMax = 100

/** `/kubepods.slice/…/kubepods-burstable-pod<uid>.slice`, the same in every hierarchy. */
export function podSlice(podUid: string): string {
  const pod = `kubepods-burstable-pod${podUid.replaceAll('-', '_')}.slice`
  return join('/kubepods.slice/kubepods-burstable.slice', pod)
}

/** The mount points of all cgroup hierarchies: one on a pure v2 machine, many on a hybrid one. */
export function hierarchies(): string[] {
  const points: string[] = []
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    const point = left.split(' ')[4]
    if (point !== undefined && /^cgroup2? /.test(right)) points.push(point)
  }
  return points
}

/** Makes the pod's directories. runc would too, but may race with another lab that removes them. */
export function makePodSlice(slice: string): void {
  for (const hierarchy of hierarchies()) makeDirectory(join(hierarchy, slice))
}

/** Removes the container's and the pod's directories, and those above them while they are empty. */
export function removeCgroups(containerPath: string): void {
  for (const hierarchy of hierarchies()) {
    for (let path = containerPath; path !== '/'; path = dirname(path)) {
      if (!removeEmpty(join(hierarchy, path))) break
    }
  }
}

/** Those directories of a pod that still exist. */
export function remainingCgroups(slice: string): string[] {
  return hierarchies()
    .map((hierarchy) => join(hierarchy, slice))
    .filter((path) => existsSync(path))
}

/** Another lab may remove an empty parent between our making it and our making its child. */
function makeDirectory(path: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      mkdirSync(path, { recursive: true })
      return
    } catch (error) {
      if (attempt === makeAttemptsMax || codeOf(error) !== 'ENOENT') throw error
    }
  }
}

/** True when the directory is gone afterwards; false when something still lives in it. */
function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    return codeOf(error) === 'ENOENT'
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
