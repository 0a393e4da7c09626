/**
 * What makes processes alike to most rules: the program that they run, their name, and the same of
 * their ancestors. A node runs the same programs again and again (probes, scripts, one worker for
 * each connection), each time as another process; those that are alike share an `Ancestry`, and
 * with it what rules have found of it.
 *
 * Both kinds of objects never change: a process that becomes another program gets another one. That
 * two processes have different ones does not mean that they differ; only that it was not noticed.
 */
import type { Subject } from '@bulwark/policy'
import { BoundedMap } from './bounded.ts'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import type { Process } from './process.ts'
import type { KeptAnswers } from './subjects.ts'

/** What an exec says of a process that is the same when it is run again, and a fork copies. */
export interface Program {
  /** Spreads them over the slots of `Ancestries`. */
  readonly id: number
  /** argv[0], then the rest. */
  readonly exe: string
  readonly args: readonly string[]
  readonly exePath: string
  readonly exeFlags: number | undefined
  readonly tty: number
  /** It may be kept for processes to come. */
  readonly isShort: boolean
}

/** A program, the name that a process of it has, and the same of the ancestors of that process. */
export interface Ancestry {
  readonly id: number
  readonly program: Program
  readonly name: string
  readonly above: Ancestry | undefined
  /** Whose answers are kept with it. */
  readonly subject: Subject<LiveEvent>
  answers: KeptAnswers | undefined
}

let idsGiven = 0

/** Numbers may come again after four billion: they say where to look, and not what is there. */
const newId = (): number => (idsGiven = (idsGiven + 1) | 0)

const nothing: readonly string[] = []

/** argv[0] and the rest of what stands in a record, NUL between them and perhaps at the end. */
const argumentsIn = (text: string): { readonly exe: string; readonly args: readonly string[] } => {
  const all = text.charCodeAt(text.length - 1) === 0 ? text.slice(0, -1) : text
  const first = all.indexOf('\0')
  if (first < 0) return { exe: all, args: nothing }
  return { exe: all.slice(0, first), args: all.slice(first + 1).split('\0') }
}

/** The programs that were run last, by their arguments. */
export class Programs {
  readonly #byArguments = new BoundedMap<string, Program>(limits.programsKeptMax, () => {})

  /**
   * The program that an exec tells.
   *
   * @param text  its arguments, as they stand in the record
   */
  of(text: string, exePath: string, exeFlags: number, tty: number): Program {
    const known = this.#byArguments.get(text)
    if (known?.exePath === exePath && known.exeFlags === exeFlags && known.tty === tty) return known
    const { exe, args } = argumentsIn(text)
    const isShort = text.length + exePath.length <= limits.programKeptBytesMax
    const program = { id: newId(), exe, args, exePath, exeFlags, tty, isShort }
    if (isShort) this.#byArguments.set(text, program)
    return program
  }
}

/** The program of a process; one that was not seen to start gets one of its own. */
export const programOf = (process: Process): Program => (process.program ??= newProgram(process))

const newProgram = ({ exe, args, exePath, exeFlags, tty }: Process): Program => {
  const bytes = args.reduce((sum, each) => sum + each.length + 1, exe.length + exePath.length)
  const isShort = bytes < limits.programKeptBytesMax
  return { id: newId(), exe, args, exePath, exeFlags, tty, isShort }
}

const slotBits = Math.log2(limits.ancestriesKeptMax)

/**
 * The ancestries that were met last, one a slot; another one takes its place. One of a long program
 * is only that of its process: an attacker could have many.
 */
export class Ancestries {
  readonly #slots: (Ancestry | undefined)[] = Array.from(
    { length: limits.ancestriesKeptMax },
    () => undefined,
  )

  /**
   * The ancestry of a process.
   *
   * @param lineage  `ProcessTable.lineage`
   * @param levels   how many ancestors are looked at: above that it is not shared with others
   */
  of(
    process: Process,
    lineage: number,
    subject: Subject<LiveEvent>,
    levels: number = limits.ancestorsMax,
  ): Ancestry {
    const { ancestry, parent } = process
    if (ancestry?.subject === subject && process.ancestryAt === lineage) return ancestry
    const isWhole = parent === undefined || levels > 0
    const above = isWhole && parent ? this.of(parent, lineage, subject, levels - 1) : undefined
    const program = programOf(process)
    const name = process.comm
    const found =
      isWhole && program.isShort
        ? this.#find(program, name, above, subject)
        : { id: newId(), program, name, above, subject, answers: undefined }
    process.ancestry = found
    process.ancestryAt = lineage
    return found
  }

  #find(
    program: Program,
    name: string,
    above: Ancestry | undefined,
    subject: Subject<LiveEvent>,
  ): Ancestry {
    const mixed =
      Math.imul(program.id ^ Math.imul(above?.id ?? 0, 0x85eb_ca6b), 0x9e37_79b1) ^
      Math.imul(name.length ^ Math.imul(name.charCodeAt(0), 0x3d), 0xc2b2_ae35)
    const slot = mixed >>> (32 - slotBits)
    const known = this.#slots[slot]
    const isAlike = known?.program === program && known.above === above && known.name === name
    if (isAlike && known.subject === subject) return known
    const found = { id: newId(), program, name, above, subject, answers: undefined }
    this.#slots[slot] = found
    return found
  }
}
