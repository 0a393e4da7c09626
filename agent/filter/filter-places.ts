/**
 * Where filters go in a sensor that is loaded: the prog arrays that its handlers look into, in what
 * form programs must be for them, and how a record lies in its slot. See bpf/filter.bpf.h.
 */
import { EventNumber, LOST_KINDS_MAX, RECORD_BYTES_MAX } from '@bulwark/schema'
import type { BpfMap, BpfObject, RawProgramSpec } from '@bulwark/native'
import { findKernelType } from '@bulwark/native'
import type { FilterTarget, LateTarget } from '@bulwark/policy'
import { ancestorsLayout } from '@bulwark/policy'
import type { FilterSite } from '../sensor/call-ways.ts'
import type { Programs } from '../sensor/programs.ts'

const typeTracing = 26
/** What the handlers of the tracepoint backend attach to, and what execs come from. */
const callHook = 'btf_trace_sys_exit'
const execHook = 'btf_trace_sched_process_exec'

/** The program that sends execs which a filter lets through, and the one that has it look again. */
export const execSender = 'on_exec_offered'
export const execLooker = 'on_exec_looked'

/** Where the filters of one prototype go. */
export interface FilterPlace {
  /** Prog array: a slot for each kind; from `secondLook` on, one for each kind's second look. */
  readonly filters: BpfMap
  /** Prog array: what sends, at `exitSlots.send`, and what looks again. */
  readonly exits: BpfMap
  /** Whether a record can be looked at again, with the ancestors of its process. */
  readonly looksTwice: boolean
  /** What the kernel must be told of a program that goes there. */
  readonly form: Pick<RawProgramSpec, 'type' | 'expectedAttachType' | 'attachBtfId'>
  /** Numbers of the kinds that come by; any when not said. */
  readonly kinds?: ReadonlySet<number>
  /** Nothing preempts what fills the records, and so no filter. */
  readonly isHeld: boolean
}

/** What all filters of a sensor share: maps, and the layout of struct scratch. */
export interface FilterBase {
  readonly slots: BpfMap
  /** By kind, how many records were dropped; and in slot 0, how many could not be handed over. */
  readonly filtered: BpfMap
  /** Of v2, and of a v1 hierarchy. */
  readonly cgroups: BpfMap
  readonly oldCgroups: BpfMap
  /** Offset in a record of the id in a v1 hierarchy. */
  readonly oldCgroupIdAt: number
  /** The kernel's variable: whether handlers of opens leave to later what filters ask seldom. */
  readonly shortOpens: Uint32Array
  readonly late: Omit<LateTarget, 'asksFacts'>
  readonly layout: Pick<
    FilterTarget,
    'slots' | 'slotBytes' | 'ownersAt' | 'contextAt' | 'recordAt' | 'recordBytesMax' | 'cgroupIdAt'
  >
}

/** In `filters`, where those of second looks begin. */
export const secondLook = LOST_KINDS_MAX

/** What stands where in `exits`. */
export const exitSlots = { send: 0, look: 1 } as const

/** What filters are told of ancestors must lie where plans look for it. */
const checkAncestors = (object: BpfObject, at: number): void => {
  const { members, bytes } = object.structLayout('ancestors')
  const isSame = Object.entries(ancestorsLayout.members).every(
    ([name, offset]) => members.find((each) => each.name === name)?.offsetBytes === offset,
  )
  if (isSame && bytes === ancestorsLayout.bytes && at === RECORD_BYTES_MAX) return
  throw new Error('the BPF object tells ancestors elsewhere; run "make build"')
}

/** The shared parts of an object that is loaded. */
export const filterBaseOf = (object: BpfObject): FilterBase => {
  const slots = object.map('scratch_slots')
  const offsetIn = (struct: string): ((member: string) => number) => {
    const { members } = object.structLayout(struct)
    return (member) => {
      const found = members.find(({ name }) => name === member)
      if (!found) throw new Error(`struct ${struct} has no ${member}`)
      return found.offsetBytes
    }
  }
  const inHeader = offsetIn('event_header')
  const inScratch = offsetIn('scratch')
  checkAncestors(object, inScratch('ancestors') - inScratch('record'))
  return {
    slots,
    filtered: object.map('filtered'),
    cgroups: object.map('cgroup_states'),
    oldCgroups: object.map('old_cgroup_states'),
    oldCgroupIdAt: inHeader('cgroup_v1_id'),
    shortOpens: new Uint32Array(
      object.memory('.bss'),
      object.offsetOf('.bss', 'are_opens_short'),
      1,
    ),
    late: {
      lacksAt: inScratch('lacks'),
      usedAt: inScratch('used'),
      userPathAt: inScratch('user_path'),
    },
    layout: {
      slots: slots.facts.maxEntries,
      slotBytes: object.structLayout('scratch').bytes,
      ownersAt: inScratch('owners'),
      contextAt: inScratch('context'),
      recordAt: inScratch('record'),
      recordBytesMax: RECORD_BYTES_MAX,
      cgroupIdAt: inHeader('cgroup_id'),
    },
  }
}

/** What the kernel must be told of a program that goes where a loaded one is. */
const formOf = (
  { object, program }: ReturnType<Programs['at']>,
  btfIdOf: () => number | undefined,
): FilterPlace['form'] => {
  const facts = object.programs.find(({ name }) => name === program)
  if (!facts) throw new Error(`the object has no ${program}`)
  const { type, expectedAttachType } = facts
  const attachBtfId = type === typeTracing ? btfIdOf() : undefined
  return { type, expectedAttachType, ...(attachBtfId === undefined ? {} : { attachBtfId }) }
}

/**
 * The place of a site whose programs are loaded. What filters let through is sent from here on.
 *
 * @param isHeld  nothing preempts its handlers
 */
export const filterPlaceOf = (
  programs: Programs,
  site: FilterSite,
  isHeld = false,
): FilterPlace => {
  const exits = programs.tiedMap('filter_exits', site.prototype)
  exits.setTailCall(exitSlots.send, programs.of(site.sender))
  const looksTwice = programs.has(site.looker)
  if (looksTwice) exits.setTailCall(exitSlots.look, programs.of(site.looker))
  return {
    filters: programs.tiedMap('filters', site.prototype),
    exits,
    looksTwice,
    form: formOf(
      programs.at(site.sender),
      () => site.at?.id ?? findKernelType(callHook, 'typedef'),
    ),
    ...(site.kinds ? { kinds: site.kinds } : {}),
    isHeld,
  }
}

/** The place of execs, once both of those are loaded. */
export const execPlaceOf = (programs: Programs): FilterPlace => {
  const exits = programs.map('exec_exits')
  exits.setTailCall(exitSlots.send, programs.of(execSender))
  exits.setTailCall(exitSlots.look, programs.of(execLooker))
  return {
    filters: programs.map('exec_filters'),
    exits,
    looksTwice: true,
    form: formOf(programs.at(execSender), () => findKernelType(execHook, 'typedef')),
    kinds: new Set([EventNumber.exec]),
    // Nobody has asked the kernel about their tracepoint.
    isHeld: false,
  }
}
