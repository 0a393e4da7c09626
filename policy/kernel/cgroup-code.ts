/**
 * Code that asks what the kernel was told of a record's cgroup: in v2, and on machines that have
 * both, in the v1 hierarchy that is looked at. A container in v1 that stands below the one in v2
 * is the one that counts, as in the agent's table; where the two are told differently, nobody says
 * here which it is.
 */
import type { Assembler, Label } from './assembler.ts'
import type { FilterTarget } from './generate.ts'
import { helpers } from './match-maps.ts'
import type { CgroupState } from './plan.ts'
import { cgroupNumbers } from './plan.ts'

type Target = Pick<FilterTarget, 'cgroupsMapFd' | 'cgroupIdAt' | 'oldCgroups'>

/** r0: where the number of the cgroup lies whose id is there in the record; 0: nowhere. */
const lookUpCgroup = (assembler: Assembler, mapFd: number, idAt: number): void => {
  assembler.loadMap(1, mapFd)
  assembler.move(2, { register: 7 })
  assembler.alu('add', 2, { constant: idAt })
  assembler.call(helpers.mapLookup)
}

/** Looks a cgroup up in one hierarchy, and goes where its state says. */
const branchOnState = (
  assembler: Assembler,
  { mapFd, idAt }: { readonly mapFd: number; readonly idAt: number },
  has: (state: CgroupState) => Label,
  host: Label,
): void => {
  lookUpCgroup(assembler, mapFd, idAt)
  assembler.jumpIf(64, '==', 0, { constant: 0 }, has('unknown'))
  assembler.load(4, 1, 0, 0)
  assembler.jumpIf(32, '==', 1, { constant: cgroupNumbers.host }, host)
  const { container } = cgroupNumbers
  assembler.branch(32, '>=', 1, { constant: container }, has('container'), has('unknown'))
}

/** Whether the state of the record's cgroup is one of these. */
export const cgroupTest = (
  assembler: Assembler,
  { cgroupsMapFd, cgroupIdAt, oldCgroups }: Target,
  states: readonly CgroupState[],
  yes: Label,
  no: Label,
): void => {
  const has = (state: CgroupState): Label => (states.includes(state) ? yes : no)
  if (cgroupsMapFd === undefined) return assembler.jump(has('unknown'))
  const unified = { mapFd: cgroupsMapFd, idAt: cgroupIdAt }
  if (!oldCgroups) return branchOnState(assembler, unified, has, has('host'))
  const old = assembler.newLabel('the cgroup of v1')
  branchOnState(assembler, unified, has, old)
  assembler.place(old)
  assembler.load(8, 1, 7, oldCgroups.idAt)
  assembler.jumpIf(64, '==', 1, { constant: 0 }, has('host'))
  return branchOnState(assembler, oldCgroups, has, has('host'))
}

/**
 * r1: the number of the record's cgroup. On machines that have both hierarchies: that of v1 where
 * v2 says the host; that of v2 where v1 says the host, or the same, or there is none; and else that
 * of a container of which no class is told. Changes r0, r2 and r8.
 */
export const loadCgroupNumber = (assembler: Assembler, target: Target): void => {
  const { cgroupsMapFd, cgroupIdAt, oldCgroups } = target
  const { unknown, host, container } = cgroupNumbers
  assembler.move(1, { constant: unknown })
  if (cgroupsMapFd === undefined) return
  const done = assembler.newLabel('the number is there')
  const missing = assembler.newLabel('no number')
  const numberOf = (mapFd: number, idAt: number): void => {
    lookUpCgroup(assembler, mapFd, idAt)
    assembler.jumpIf(64, '==', 0, { constant: 0 }, missing)
    assembler.load(4, 1, 0, 0)
  }
  numberOf(cgroupsMapFd, cgroupIdAt)
  if (oldCgroups) {
    assembler.move(8, { register: 1 })
    assembler.load(8, 2, 7, oldCgroups.idAt)
    assembler.jumpIf(64, '==', 2, { constant: 0 }, done)
    numberOf(oldCgroups.mapFd, oldCgroups.idAt)
    assembler.jumpIf(32, '==', 8, { constant: host }, done)
    assembler.jumpIf(32, '==', 1, { register: 8 }, done)
    const ofUnified = assembler.newLabel('the number of v2')
    assembler.jumpIf(32, '==', 1, { constant: host }, ofUnified)
    assembler.move(1, { constant: container })
    assembler.jump(done)
    assembler.place(ofUnified)
    assembler.move(1, { register: 8 })
  }
  assembler.jump(done)
  assembler.place(missing)
  assembler.move(1, { constant: unknown })
  assembler.place(done)
}
