/** What an argument of an event is to rules: a name, the value, and the value in words. */
import type { LiveEvent } from './live-event.ts'
import { errnoName } from './names.ts'
import type { NameScope, Users } from './users.ts'

/** @param users  where names are looked up; without it there are none */
export type Read = (event: LiveEvent, users: Users | undefined) => string | undefined

/** `evt.arg.NAME` is the text where there is one, else what is raw; `evt.args` shows both. */
export interface Argument {
  readonly name: string
  readonly raw: Read
  /** Names for flags, the user of a number, the path behind a descriptor. */
  readonly text?: Read
}

/** The result of a system call, with its errno's name. */
export const result: Argument = {
  name: 'res',
  raw: ({ result: value }) => String(value),
  text: ({ result: value }) => (value < 0 ? errnoName(-value) : undefined),
}

/** An argument without another text. */
export const plainArgument = (name: string, raw: Read): Argument => ({ name, raw })

/** The users of the machine itself. */
export const hostScope: NameScope = { key: '', roots: [''] }

/** Where the names of an event's users are looked up: the process may be gone already. */
export const nameScopeOf = ({ container, process }: LiveEvent): NameScope => {
  if (!container) return hostScope
  const root = container.metadata?.rootPath
  const live = `/proc/${process.pid}/root`
  return { key: container.id, roots: root === undefined ? [live] : [root, live] }
}

const unchanged = 0xffff_ffff

/** The name of a user that a call names; -1 leaves it as it is. */
export const userText = (event: LiveEvent, users: Users | undefined, uid: number): string =>
  uid === unchanged ? '<NONE>' : users?.user(nameScopeOf(event), uid) || '<NA>'

/** The name of a group that a call names; -1 leaves it as it is. */
export const groupText = (event: LiveEvent, users: Users | undefined, gid: number): string =>
  gid === unchanged ? '<NONE>' : users?.group(nameScopeOf(event), gid) || '<NA>'
