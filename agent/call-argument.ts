/** One argument of a system call that is told in a shape. */
import type { RecordView } from '@bulwark/schema'
import { RECORD_COMPAT, callArguments, compatArgument, headerOf, syscallOf } from '@bulwark/schema'

const readers = [
  callArguments.arg0,
  callArguments.arg1,
  callArguments.arg2,
  callArguments.arg3,
  callArguments.arg4,
  callArguments.arg5,
] as const

/** The group of arguments comes first in every kind that has it. */
const callAt = syscallOf.callAt

const passed = (r: RecordView, place: number): number | bigint => readers[place]?.(r, callAt) ?? 0

/** Argument `index` of the call, from 0; a bigint when it is no safe integer. */
export const callArgument = (r: RecordView, index: number): number | bigint =>
  (headerOf.flags(r) & RECORD_COMPAT) === 0
    ? passed(r, index)
    : compatArgument(headerOf.syscall(r), index, (place) => passed(r, place))
