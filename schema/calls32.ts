/**
 * Where 32-bit system calls of x86 keep the arguments of the 64-bit calls of their names, in those
 * that differ: an argument of 64 bits comes in two, the lower half first; those of old calls have
 * 16 bits; and umount(2) has no flags.
 */
import type { CallShape } from './calls.ts'
import { positionsOf } from './calls.ts'

interface Form {
  /** Arguments of 64 bits, as the 64-bit call counts them from 0. */
  readonly wide: readonly number[]
  /** Users and groups of 16 bits. */
  readonly narrow: readonly number[]
  /** How many arguments there are. */
  readonly count: number
}

/** By number in the 32-bit table. */
const lines = `
16 lchown narrow 1 2
22 umount count 1
23 setuid narrow 0
46 setgid narrow 0
70 setreuid narrow 0 1
71 setregid narrow 0 1
95 fchown narrow 1 2
138 setfsuid narrow 0
139 setfsgid narrow 0
164 setresuid narrow 0 1 2
170 setresgid narrow 0 1 2
180 pread64 wide 3
181 pwrite64 wide 3
182 chown narrow 1 2
193 truncate64 wide 1
194 ftruncate64 wide 1
225 readahead wide 1
250 fadvise64 wide 1
272 fadvise64_64 wide 1 2
314 sync_file_range wide 1 2
324 fallocate wide 2 3
333 preadv wide 3
334 pwritev wide 3
339 fanotify_mark wide 2
378 preadv2 wide 3
379 pwritev2 wide 3
`

const same: Form = { wide: [], narrow: [], count: 6 }

const forms: ReadonlyMap<number, Form> = new Map(
  lines
    .trim()
    .split('\n')
    .map((line) => {
      const [number, , what = '', ...numbers] = line.split(' ')
      const values = numbers.map(Number)
      return [Number(number), { ...same, [what]: what === 'count' ? values[0] : values }]
    }),
)

const formOf = (number: number): Form => forms.get(number) ?? same

const placeIn = ({ wide }: Form, index: number): number =>
  index + wide.filter((each) => each < index).length

/** As `CallShape.positions`, for the call of this number of the 32-bit table. */
export const compatPositions = (number: number, { parameters }: CallShape): number => {
  const form = formOf(number)
  return positionsOf(parameters.map((each) => ({ ...each, index: placeIn(form, each.index) })))
}

/**
 * An argument as the 64-bit call has it.
 *
 * @param number  of the call, in the 32-bit table
 * @param index  of the argument, as the 64-bit call counts them from 0
 * @param read  reads an argument as it was passed
 */
export const compatArgument = (
  number: number,
  index: number,
  read: (place: number) => number | bigint,
): number | bigint => {
  const form = formOf(number)
  if (index >= form.count) return 0
  const place = placeIn(form, index)
  if (form.narrow.includes(index)) {
    const id = Number(read(place)) & 0xffff
    return id === 0xffff ? 0xffff_ffff : id
  }
  if (!form.wide.includes(index)) return read(place)
  const value = (BigInt(read(place + 1)) << 32n) | BigInt(read(place))
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}
