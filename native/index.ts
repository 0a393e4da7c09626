/**
 * libbpf for JavaScript: numbers and bytes, no policy. Load an object, set its knobs, attach it,
 * read its ring without a copy, and ask the kernel what it can do. Everything that is opened is
 * closed by hand; `openHandles` counts what is not.
 */
export type {
  Clocks,
  KernelFunction,
  MapFacts,
  OpenHandles,
  OpenMap,
  ProgramFacts,
  ProgramInfo,
  RunResult,
  StructLayout,
  StructMember,
  Variable,
} from './addon.ts'
export { loadNative } from './addon.ts'
export {
  btfKinds,
  clocks,
  findKernelFunction,
  findKernelType,
  hasKernelTypes,
  kernelMemberOffset,
  openHandles,
  possibleCpus,
  probeHelper,
  probeKernelType,
  probeMapType,
  probeProgramType,
  readKernelFile,
  readKernelTypes,
  wallOffsetNs,
} from './kernel.ts'
export type { Probe } from './kernel.ts'
export type { LinePassage, LineTable } from './line-keeper.ts'
export { LineKeeper } from './line-keeper.ts'
export type { Link } from './link.ts'
export type { BpfMap, MapSpec } from './map.ts'
export { createMap } from './map.ts'
export { releaseMemory } from './memory.ts'
export { NativeError, isNativeError } from './native-error.ts'
export type { BpfObject, Section } from './object.ts'
export { openObject } from './object.ts'
export type { RawProgram, RawProgramSpec } from './program.ts'
export { loadProgram, loadProgramAside, skippedRuns } from './program.ts'
export type { Drained, OnRecord, RingMemory } from './ring-reader.ts'
export { RingBrokenError, RingReader } from './ring-reader.ts'
export type { Ring } from './ring.ts'
export { DatagramSocket } from './socket.ts'
