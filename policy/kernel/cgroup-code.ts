/**
 * Code that asks what the kernel was told of a record's cgroup: in v2, and on machines that have
 * both, in the v1 hierarchy that is looked at. A container in v1 that stands below the one in v2
 * is the one that counts, as in the agent's table; where the two are told differently, nobody says
 * here which it is.
 */
import type { Assembler, Label } from './assembler.ts'
import { cgroupNumberBits, cgroupWordFactor, cgroupWordsBits } from './cgroup-words.ts'
import type { FilterTarget } from './generate.ts'
import { helpers } from './match-maps.ts'
import type { CgroupState } from './plan.ts'
import { cgroupNumbers } from './plan.ts'

/** Where what was told of a hierarchy's cgroups is, and where in the record the id. */
interface Told {
  readonly mapFd: number
  /** See `cgroup-words.ts`. */
  readonly wordsFd?: number
  readonly idAt: number
}

/**
 * So many look-ups of a program try the word first. They come in the order in which a record meets
 * them: further ones stand behind many other tests, and are kept short.
 */
const wordsTriedMax = 64

/** For one program. Changes r0 to r3. */
export class CgroupCode {
  readonly #assembler: Assembler
  readonly #unified: Told | undefined
  readonly #old: Told | undefined
  #wordsTried = 0

  constructor(
    assembler: Assembler,
    { cgroupsMapFd, cgroupWordsFd, cgroupIdAt, oldCgroups }: FilterTarget,
  ) {
    this.#assembler = assembler
    this.#old = oldCgroups
    if (cgroupsMapFd === undefined) return
    const words = cgroupWordsFd === undefined ? {} : { wordsFd: cgroupWordsFd }
    this.#unified = { mapFd: cgroupsMapFd, ...words, idAt: cgroupIdAt }
  }

  /** Whether the state of the record's cgroup is one of these. */
  test(states: readonly CgroupState[], yes: Label, no: Label): void {
    const assembler = this.#assembler
    const has = (state: CgroupState): Label => (states.includes(state) ? yes : no)
    if (!this.#unified) return assembler.jump(has('unknown'))
    if (!this.#old) return this.#branchOnState(this.#unified, has, has('host'))
    const old = assembler.newLabel('the cgroup of v1')
    this.#branchOnState(this.#unified, has, old)
    assembler.place(old)
    assembler.load(8, 1, 7, this.#old.idAt)
    assembler.jumpIf(64, '==', 1, { constant: 0 }, has('host'))
    return this.#branchOnState(this.#old, has, has('host'))
  }

  /** Looks a cgroup up in one hierarchy, and goes where its state says. */
  #branchOnState(told: Told, has: (state: CgroupState) => Label, host: Label): void {
    this.#load(told, has('unknown'))
    this.#assembler.jumpIf(32, '==', 1, { constant: cgroupNumbers.host }, host)
    const constant = cgroupNumbers.container
    this.#assembler.branch(32, '>=', 1, { constant }, has('container'), has('unknown'))
  }

  /**
   * r1: the number of the record's cgroup. On machines that have both hierarchies: that of v1 where
   * v2 says the host; that of v2 where v1 says the host, or the same, or there is none; and else
   * that of a container of which no class is told. Changes r8, too.
   */
  loadNumber(): void {
    const assembler = this.#assembler
    const { unknown, host, container } = cgroupNumbers
    if (!this.#unified) return assembler.move(1, { constant: unknown })
    const done = assembler.newLabel('the number is there')
    const missing = assembler.newLabel('no number')
    this.#load(this.#unified, missing)
    if (this.#old) {
      assembler.move(8, { register: 1 })
      assembler.load(8, 2, 7, this.#old.idAt)
      assembler.jumpIf(64, '==', 2, { constant: 0 }, done)
      this.#load(this.#old, missing)
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

  /** r1: what was told of the cgroup whose id is in the record; to `missing` where nothing was. */
  #load({ mapFd, wordsFd, idAt }: Told, missing: Label): void {
    const assembler = this.#assembler
    const found = assembler.newLabel('the word has it')
    if (wordsFd !== undefined && this.#wordsTried++ < wordsTriedMax) {
      const other = assembler.newLabel('the map may have it')
      this.#loadWord(wordsFd, idAt, other)
      assembler.jump(found)
      assembler.place(other)
    }
    assembler.loadMap(1, mapFd)
    assembler.move(2, { register: 7 })
    assembler.alu('add', 2, { constant: idAt })
    assembler.call(helpers.mapLookup)
    assembler.jumpIf(64, '==', 0, { constant: 0 }, missing)
    assembler.load(4, 1, 0, 0)
    assembler.place(found)
  }

  /** r1: the number in the word of the cgroup; to `other` where that word is of another one. */
  #loadWord(wordsFd: number, idAt: number, other: Label): void {
    const assembler = this.#assembler
    assembler.load(8, 3, 7, idAt)
    assembler.move(2, { register: 3 })
    assembler.alu32('multiply', 2, { constant: cgroupWordFactor })
    assembler.alu32('shiftRight', 2, { constant: 32 - cgroupWordsBits })
    assembler.alu('shiftLeft', 2, { constant: Math.log2(BigUint64Array.BYTES_PER_ELEMENT) })
    assembler.loadMapValue(1, wordsFd)
    assembler.alu('add', 1, { register: 2 })
    assembler.load(8, 1, 1, 0)
    assembler.move(2, { register: 1 })
    assembler.alu('shiftRight', 2, { constant: cgroupNumberBits })
    assembler.jumpIf(64, '!=', 2, { register: 3 }, other)
    assembler.alu('and', 1, { constant: 2 ** cgroupNumberBits - 1 })
  }
}
