/**
 * What is done through io_uring passes no system call. Where rules want calls that an operation
 * stands for, the kernel side hooks the beginning and the end of requests. Their tracepoints had
 * several forms; which one this kernel has is asked of its types, never of its version.
 */
import type { Machine } from '@bulwark/schema'
import { EventNumber, ownEventTypes, syscallNumbers, uringOperations } from '@bulwark/schema'
import type { BpfMap } from '@bulwark/native'
import { findKernelFunction, findKernelType } from '@bulwark/native'

/** A program and the tracepoint that it attaches to. */
export interface UringHook {
  readonly program: string
  readonly tracepoint: string
}

const hasTracepoint = (name: string): boolean =>
  findKernelType(`btf_trace_${name}`, 'typedef') !== undefined

/** Parameters of a tracepoint's own function, the first of which is the hook's. */
const parametersOf = (tracepoint: string): number =>
  (findKernelFunction(`__traceiter_${tracepoint}`)?.parameters ?? 1) - 1

/** Whether this kernel has io_uring at all. */
export const hasUring = (): boolean => findKernelType('io_ring_ctx', 'struct') !== undefined

/** Requests have had their own parts laid over them since the tracepoints told the request. */
const tellsRequests = (): boolean => findKernelType('io_cmd_data', 'struct') !== undefined

/** What counts requests where they are not told, by how many parameters their tracepoint has. */
const countingPrograms: ReadonlyMap<number, string> = new Map([
  // Ring, operation, user data, and two flags.
  [5, 'on_uring_count_operation'],
  // Ring, request, and its members in either of two orders.
  [7, 'on_uring_count_request'],
])

const beginning = (): UringHook | undefined => {
  if (hasTracepoint('io_uring_submit_req')) {
    return { program: 'on_uring_submit_req', tracepoint: 'io_uring_submit_req' }
  }
  const tracepoint = 'io_uring_submit_sqe'
  if (!hasTracepoint(tracepoint)) return undefined
  if (tellsRequests()) return { program: 'on_uring_submit_sqe', tracepoint }
  const program = countingPrograms.get(parametersOf(tracepoint))
  return program === undefined ? undefined : { program, tracepoint }
}

const ends = (): readonly UringHook[] => {
  const tracepoint = 'io_uring_complete'
  // Ring, request and completion; or the members of the completion one by one.
  const isWhole = parametersOf(tracepoint) === 3
  const program = isWhole ? 'on_uring_complete_cqe' : 'on_uring_complete'
  const overflow = 'io_uring_cqe_overflow'
  return [
    { program, tracepoint },
    ...(hasTracepoint(overflow) ? [{ program: 'on_uring_overflow', tracepoint: overflow }] : []),
  ]
}

/** How this kernel tells of io_uring. */
export interface UringSupport {
  /** `all`; `count`: operations are counted as lost; `none`: not even that. */
  readonly sees: 'all' | 'count' | 'none'
  readonly hooks: readonly UringHook[]
}

/** Asks the kernel. */
export const uringSupport = (): UringSupport => {
  const first = beginning()
  if (!first) return { sees: 'none', hooks: [] }
  return tellsRequests()
    ? { sees: 'all', hooks: [first, ...ends()] }
    : { sees: 'count', hooks: [first] }
}

/** Whether some wanted event can come through a ring. */
export const wantsUring = (types: ReadonlySet<string> | 'all'): boolean =>
  uringOperations.some(([, type]) => isWanted(types, type))

const isWanted = (types: ReadonlySet<string> | 'all', type: string): boolean =>
  types === 'all' ? ownEventTypes.has(type) : types.has(type)

/** Maps of requests: they take their room at once, which is for nothing where none is wanted. */
export const uringMaps = ['uring_operations', 'uring_requests']

/** After loading: tells the programs which operations are wanted, and as which calls. */
export const fillUringCalls = (
  calls: BpfMap,
  machine: Machine,
  types: ReadonlySet<string> | 'all',
): void => {
  for (const [operation, type, shape] of uringOperations) {
    const number = syscallNumbers[machine][type]
    if (number === undefined) continue
    const kind = shape === undefined ? 0 : EventNumber[shape]
    const value = isWanted(types, type) ? (kind << 16) | (number + 1) : 0
    calls.update(bytesOf(operation), bytesOf(value))
  }
}

const bytesOf = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
