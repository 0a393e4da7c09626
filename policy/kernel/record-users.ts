/** Names of users. Those of the host the agent has read; those of a container it alone can read. */
import { cgroupIs, inverse, numberIn } from './make-plan.ts'
import type { NumberAt } from './plan.ts'
import type { Reading } from './reading.ts'
import { always, unknown } from './reading.ts'
import type { ReadField, Readings, RecordKind } from './record-kind.ts'
import { where } from './record-kind.ts'

/** A host with more users has another directory of them, and filters have their bounds. */
const usersMax = 512
const noLogin = 0xffff_ffff
const noName = '<NA>'

/** The names of the host's users, by number; root always has one. */
const hostUsersOf = ({ facts }: RecordKind): ReadonlyMap<number, string> | undefined => {
  const { hostUsers } = facts
  if (!hostUsers || hostUsers.size === 0 || hostUsers.size > usersMax) return undefined
  return new Map([[0, 'root'], ...hostUsers])
}

const nameOf = (id: number, name: string): string => name || (id === 0 ? 'root' : noName)

/** The name that goes with the number there. */
const named = (at: NumberAt, users: ReadonlyMap<number, string>): Reading => {
  const byName = new Map<string, bigint[]>()
  for (const [id, found] of users) {
    const name = nameOf(id, found)
    byName.set(name, [...(byName.get(name) ?? []), BigInt(id)])
  }
  const all = [...users.keys()].map(BigInt)
  return [
    ...[...byName].map(([name, ids]) => ({
      when: numberIn(at, ids),
      value: { is: 'constant', value: name } as const,
    })),
    { when: inverse(numberIn(at, all)), value: { is: 'constant', value: noName } },
  ]
}

const actingName: ReadField = (of) => {
  const users = hostUsersOf(of)
  if (!users || !of.facts.tellsCgroups) return always(unknown('names of users'))
  const isHost = cgroupIs('host')
  return [
    ...where(isHost, named(of.places.number('euid'), users)),
    { when: inverse(isHost), value: unknown('names of users in a container') },
  ]
}

/** Who has logged in is a user of the host, also in a container. */
const loginName: ReadField = (of) => {
  const users = hostUsersOf(of)
  if (!users) return always(unknown('names of users'))
  const at = of.places.number('login_uid')
  const isNone = numberIn(at, [BigInt(noLogin)])
  return [
    { when: isNone, value: { is: 'constant', value: noName } },
    ...where(inverse(isNone), named(at, users)),
  ]
}

export const userReadings: Readings = {
  'user.name': actingName,
  'user.loginname': loginName,
}
