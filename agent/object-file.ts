/** Which of the built BPF objects fits this kernel. */
import { probeKernelType } from '@bulwark/native'

/** What the object needs that reads kernel memory by loads: see bpf/read.bpf.h. */
export const directReads = 'bpf_rdonly_cast'

/** Name of the object file of a backend, in the form that this kernel takes. */
export const objectFile = (backend: string): string =>
  probeKernelType(directReads, 'function') === 'yes'
    ? `${backend}.direct.bpf.o`
    : `${backend}.bpf.o`
