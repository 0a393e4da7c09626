/** Where the kernel side reads what, in the words of the descriptions of records. */
import type { Member } from './eventtypes.ts'
import { onSecurity, text } from './members.ts'

/** Of a text that the process has given. */
export const user = 'user memory at the end of the system call (flag USER_MEMORY)'

/** Of the directory that belongs to a path. */
export const base =
  'the directory that a relative path starts from: walked from fs.pwd or from the dirfd'

/** A name that an LSM hook has told. */
export const resolved = (name: string, meaning: string): Member =>
  onSecurity(text(name, meaning, 'the LSM hook', 'zero bytes: the call failed before it'))
