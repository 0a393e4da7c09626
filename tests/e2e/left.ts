/**
 * What a sensor could leave behind in the kernel, for tests that end one hard: programs, maps and
 * links, pins and cgroups. What other processes of the machine hold meanwhile is theirs.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { readCgroups } from '../kernel/inner.ts'
import { bpfIdsProgram } from '../kernel/program.ts'

const waitMsMax = 60_000

const ids = (): readonly string[] => {
  const { status, stdout, stderr } = spawnSync(bpfIdsProgram(), { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout.split('\n').filter((line) => line !== '')
}

const namesIn = (path: string, recursive: boolean): readonly string[] => {
  try {
    return readdirSync(path, { recursive, encoding: 'utf8' })
  } catch {
    return [] // not mounted
  }
}

/** All that could stay behind. */
export const things = (): ReadonlySet<string> => {
  const { unified, old } = readCgroups()
  const cgroups = [...unified.mounts, ...(old?.mounts ?? [])].map(({ point }) => point)
  return new Set([
    ...ids(),
    ...namesIn('/sys/fs/bpf', true),
    ...cgroups.flatMap((point) => namesIn(point, false).map((name) => `${point}/${name}`)),
  ])
}

/** What a file of a process says; of one that has just ended, nothing. */
const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const heldLines = { prog_id: 'program', map_id: 'map', link_id: 'link' } as const

/**
 * What other processes of this machine have, such as another sensor: programs, maps and links with
 * a descriptor, and cgroups with a member. What one that was killed leaves behind has neither.
 */
const heldByOthers = (): ReadonlySet<string> => {
  const held = new Set<string>()
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    for (const [, path = ''] of textOf(`/proc/${pid}/cgroup`).matchAll(
      /^\d+:[^:]*:\/([^/\n]+)/gm,
    )) {
      held.add(path)
    }
    for (const fd of namesIn(`/proc/${pid}/fdinfo`, false)) {
      const facts = textOf(`/proc/${pid}/fdinfo/${fd}`)
      for (const [, what, id] of facts.matchAll(/^(prog_id|map_id|link_id):\s*(\d+)$/gm)) {
        held.add(`${heldLines[what as keyof typeof heldLines]} ${id}`)
      }
    }
  }
  return held
}

/**
 * Resolves when all that there is was there before: the kernel frees it a moment after its process
 * ended.
 *
 * @param when  for the message when it does not
 */
export const isLikeBefore = async (earlier: ReadonlySet<string>, when: string): Promise<void> => {
  for (const deadline = Date.now() + waitMsMax; ; await nextTurn()) {
    const found = [...things()].filter((each) => !earlier.has(each))
    const others = found.length === 0 ? new Set<string>() : heldByOthers()
    const more = found.filter((each) => !others.has(each.slice(each.lastIndexOf('/') + 1)))
    if (more.length === 0) return
    assert.ok(Date.now() < deadline, `left behind ${when}: ${more.join(', ')}`)
  }
}
