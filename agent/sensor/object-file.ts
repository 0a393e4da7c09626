/** Which of the built BPF objects fits this kernel. */
import type { Backend } from '@bulwark/schema'
import { probeKernelType } from '@bulwark/native'

/** What the object needs that reads kernel memory by loads: see bpf/read.bpf.h. */
export const directReads = 'bpf_rdonly_cast'

/**
 * Name of the object file of a backend, in the form that this kernel takes.
 *
 * @param byPerf  its programs go through perf at tracepoints: see `chooseBackend`
 */
export const objectFile = ({ backend, byPerf }: ObjectChoice): string => {
  if (byPerf) return `${backend}.perf.bpf.o`
  const isDirect = probeKernelType(directReads, 'function') === 'yes'
  return isDirect ? `${backend}.direct.bpf.o` : `${backend}.bpf.o`
}

interface ObjectChoice {
  readonly backend: Backend
  readonly byPerf: boolean
}
