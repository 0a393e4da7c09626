/** What one backend tells of an event and another does not. */
import type { Backend } from './eventtypes.ts'
import { eventKinds } from './events.ts'

/** Members of records that a backend leaves empty: `kind.member`, as in docs/events.md. */
export const untoldOn = (backend: Backend): readonly string[] =>
  eventKinds.flatMap(({ name, members }) =>
    members
      .filter(({ backends }) => backends !== undefined && !backends.includes(backend))
      .map((member) => `${name}.${member.name}`),
  )
