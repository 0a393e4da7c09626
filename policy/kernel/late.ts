/**
 * What the record of an open lacks when its filter sees it: filled once that has let it through,
 * which most are not. The path as given is read by the filter itself, where it comes to a test on
 * it. A filter with tests on other members that may be missing lets such a record through; while it
 * is in place, the handlers fill them. See bpf/file.bpf.h.
 */
import { EventNumber, LACKS_FACTS, LACKS_RAW_PATH } from '@bulwark/schema'
import type { Label } from './assembler.ts'
import type { Surroundings } from './match-maps.ts'
import { helpers } from './match-maps.ts'
import { Places } from './places.ts'
import type { Plan, TextAt } from './plan.ts'
import { someTest } from './plan-tests.ts'

/** Where in struct scratch the slot of a record says what it lacks. */
export interface LateTarget {
  /** u32: LACKS_*. */
  readonly lacksAt: number
  /** u32: bytes of the record that are filled. */
  readonly usedAt: number
  /** Pointer to user memory: the path as given. */
  readonly userPathAt: number
  /** The plan has tests on what it may lack, but for the path as given. */
  readonly asksFacts: boolean
}

const opens = new Places(EventNumber.open)
const rawPath = opens.text('raw_path')

/** What `fill_lacking()` fills. */
const lateFacts = [
  'start_ns',
  'cap_permitted',
  'cap_inheritable',
  'tid',
  'ppid',
  'vpid',
  'vtid',
  'egid',
  'login_uid',
  'cpu',
  'file.inode',
  'file.device',
  'file.file_flags',
  'file.links',
].map((name) => opens.number(name))

/** Whether records of a kind may lack something. */
export const maySaveFacts = (kind: number): boolean => kind === EventNumber.open

/** Whether a plan on opens has a test on such a member. */
export const asksLateFacts = (plan: Plan): boolean =>
  someTest(plan, ({ offset, bytes }) =>
    lateFacts.some((late) => offset < late.offset + late.bytes && late.offset < offset + bytes),
  )

/** Lets a record through that lacks what the plan asks. With the record in r7. */
export const passLackingFacts = (at: Surroundings): void => {
  const { assembler, late, undecided } = at
  if (!late?.asksFacts) return
  assembler.load(4, 1, 7, late.lacksAt)
  assembler.jumpIf(32, '&', 1, { constant: LACKS_FACTS }, undecided)
}

/** As `read_user_text()`: what is longer is cut, and its length not known. */
const bytesMax = 4096
const lengthUnknown = -1
/**
 * So much is read first, by way of the stack: where the kernel checks what it copies to
 * (CONFIG_HARDENED_USERCOPY), memory of a map takes it three tenths of the read. Most paths are
 * shorter.
 */
const shortBytes = 64
const wordBytes = 8

/**
 * Reads the path as given into the record, unless it is there. What cannot be read is let through:
 * what sends the record tries again, and counts it. Changes r0 to r5 and r8.
 */
export const readLateText = (at: Surroundings, text: TextAt): void => {
  const { assembler, late, undecided, recordBytesMax } = at
  if (!late || text.is !== 'slot' || text.offset !== rawPath.offset) return
  const isThere = assembler.newLabel('the path as given is there')
  assembler.load(4, 1, 7, late.lacksAt)
  const isMissing = assembler.newLabel('the path as given is missing')
  assembler.branch(32, '&', 1, { constant: LACKS_RAW_PATH }, isMissing, isThere)
  assembler.place(isMissing)
  assembler.load(4, 8, 7, late.usedAt)
  assembler.jumpIf(64, '>', 8, { constant: recordBytesMax - bytesMax }, undecided)
  const isRead = assembler.newLabel('the path as given is read')
  readShort(at, late, isRead)
  assembler.move(1, { register: 7 })
  assembler.alu('add', 1, { register: 8 })
  assembler.move(2, { constant: bytesMax })
  assembler.load(8, 3, 7, late.userPathAt)
  assembler.call(helpers.readUserText)
  assembler.jumpIf(64, 's<=', 0, { constant: 0 }, undecided)
  assembler.place(isRead)
  noteText(at, text.offset, late)
  assembler.place(isThere)
}

/** To `isRead` with the bytes of the text and its NUL in r0; on where it is longer. */
const readShort = (
  { assembler, undecided }: Surroundings,
  late: LateTarget,
  isRead: Label,
): void => {
  const isLong = assembler.newLabel('a long path')
  assembler.move(1, { register: 10 })
  assembler.alu('add', 1, { constant: -shortBytes })
  assembler.move(2, { constant: shortBytes })
  assembler.load(8, 3, 7, late.userPathAt)
  assembler.call(helpers.readUserText)
  assembler.jumpIf(64, 's<=', 0, { constant: 0 }, undecided)
  assembler.jumpIf(64, '==', 0, { constant: shortBytes }, isLong)
  assembler.move(1, { register: 7 })
  assembler.alu('add', 1, { register: 8 })
  for (let at = 0; at < shortBytes; at += wordBytes) {
    if (at > 0) assembler.jumpIf(64, '<=', 0, { constant: at }, isRead)
    assembler.load(8, 2, 10, at - shortBytes)
    assembler.store(8, 1, at, 2)
  }
  assembler.jump(isRead)
  assembler.place(isLong)
}

/** The text that was read to where r8 says, of r0 bytes with its NUL. */
const noteText = ({ assembler }: Surroundings, offset: number, late: LateTarget): void => {
  const isWhole: Label = assembler.newLabel('the whole path')
  assembler.store(2, 7, offset, 8)
  assembler.move(2, { register: 0 })
  assembler.alu('subtract', 2, { constant: 1 })
  assembler.store(2, 7, offset + 2, 2)
  assembler.alu('add', 8, { register: 2 })
  assembler.store(4, 7, late.usedAt, 8)
  assembler.jumpIf(64, '!=', 0, { constant: bytesMax }, isWhole)
  assembler.move(2, { constant: lengthUnknown })
  assembler.place(isWhole)
  assembler.store(4, 7, offset + 4, 2)
  assembler.load(4, 1, 7, late.lacksAt)
  assembler.alu('and', 1, { constant: ~LACKS_RAW_PATH })
  assembler.store(4, 7, late.lacksAt, 1)
}
