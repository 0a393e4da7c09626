/** The addon's errors: what was tried, why it was refused, and what to do where that is known. */

/** What to do, by code. */
const advice: Readonly<Record<string, string | undefined>> = {
  EPERM:
    'run as root or with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN; ' +
    'a locked-down kernel may refuse LSM and fentry programs even so',
  EACCES: 'the verifier refused the program; the log says where',
  ESRCH: 'this kernel has no such attach target; choose another hook',
  EOPNOTSUPP: 'this kernel cannot do it; choose another hook',
  ENOTSUPP: 'this kernel cannot do it; choose another hook',
}

/**
 * The kernel, libbpf or the addon refused.
 *
 * `code` is the name of the errno (`EPERM`); `ENOTSUPP` and `LIBBPF` for errors that only the
 * kernel's inside or libbpf has; `BAD_ARGUMENT` when the call was wrong, and `CLOSED` when it used
 * a handle after `close`.
 */
export class NativeError extends Error {
  override readonly name = 'NativeError'
  readonly code: string
  /** Positive; 0 for `BAD_ARGUMENT` and `CLOSED`. */
  readonly errno: number
  /** What could not be done, or what was wrong in the call; with the name of the thing. */
  readonly what: string
  /** What libbpf said meanwhile, the verifier's last lines included; 64 KiB at the most. */
  readonly log: string

  constructor(code: string, errno: number, what: string, reason: string, log: string) {
    const help = advice[code]
    const subject = errno === 0 ? what : `cannot ${what}`
    super(`${subject}: ${reason} (${code})${help === undefined ? '' : `; ${help}`}`)
    this.code = code
    this.errno = errno
    this.what = what
    this.log = log
  }
}

/** Whether an error came from the addon. */
export const isNativeError = (error: unknown): error is NativeError => error instanceof NativeError

/** Code `CLOSED`: for what is closed on this side of the addon. */
export const closedError = (kind: string): NativeError =>
  new NativeError('CLOSED', 0, kind, 'it is closed', '')

/** Code `BAD_ARGUMENT`. */
export const argumentError = (what: string, reason: string): NativeError =>
  new NativeError('BAD_ARGUMENT', 0, what, reason, '')
