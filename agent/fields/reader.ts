/** The form of the accessor tables: from a field to a function that reads it from an event. */
import type { FieldValue } from '@bulwark/schema'
import type { LiveEvent } from '../live-event.ts'
import type { Users } from '../users.ts'

export type Accessor = (event: LiveEvent) => FieldValue

/** What accessors need beside the event. */
export interface Surroundings {
  readonly users: Users
  readonly hostname: string
}

/** Gives the accessor of a field; the argument is that of the rule, e.g. 2 of `proc.aname[2]`. */
export type MakeAccessor = (
  argument: number | string | undefined,
  surroundings: Surroundings,
) => Accessor

/** Accessors by field name. */
export type AccessorTable = Readonly<Record<string, MakeAccessor>>

/** An accessor that takes no argument. */
export const plain =
  (read: Accessor): MakeAccessor =>
  () =>
    read
