/** Sockets of events: both ends, and which of them serves. */
import { EventNumber, ROLE_CLIENT, ROLE_SERVER } from '@bulwark/schema'
import { allOf, inNetworkAt, inverse, numberIn } from './make-plan.ts'
import type { Plan } from './plan.ts'
import { everything, nothing } from './plan.ts'
import type { Case, Known, Possible, Reading } from './reading.ts'
import { only, unknown } from './reading.ts'
import type { ReadField, Readings, RecordKind } from './record-kind.ts'
import { firstOf, truth, where } from './record-kind.ts'

const unixFamily = 1n
const inetFamily = 2n
const inet6Family = 10n

const hasFamily = ({ places }: RecordKind, ...families: readonly bigint[]): Plan =>
  places.has('socket.family') ? numberIn(places.number('socket.family'), families) : nothing

/** The event is about a socket. */
export const isSocket = (of: RecordKind): Plan =>
  of.places.has('socket.family') ? inverse(hasFamily(of, 0n)) : nothing

/** It is one of IP. */
export const isInet = (of: RecordKind): Plan => hasFamily(of, inetFamily, inet6Family)

/** ::ffff:0:0, the network of IPv4 addresses that are written as IPv6 ones. */
const mapped = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0])
const mappedPrefix = 96
const mappedAt = 12

type Side = 'local' | 'remote'

const isMapped = (of: RecordKind, side: Side): Plan =>
  of.places.has('socket.family')
    ? inNetworkAt(of.places.offset(`socket.${side}_address`), mapped, mappedPrefix)
    : nothing

/** What `fd.type` and `fd.typechar` say of sockets. */
export const socketKinds = (of: RecordKind): readonly (readonly [Plan, string, string])[] => {
  const isWide = allOf([hasFamily(of, inet6Family), inverse(isMapped(of, 'local'))])
  return [
    [isWide, 'ipv6', '6'],
    [isInet(of), 'ipv4', '4'],
    [hasFamily(of, unixFamily), 'unix', 'u'],
    [isSocket(of), 'other', 'o'],
  ]
}

/** The name of a socket: its ends, or its path. */
export const socketName = (of: RecordKind): Reading => {
  if (!of.places.has('socket.family')) return []
  const path = of.places.text(of.places.has('unix_path') ? 'unix_path' : 'path')
  return [
    { when: isInet(of), value: unknown('both ends of a connection as one text') },
    {
      when: allOf([isSocket(of), inverse(isInet(of))]),
      value: { is: 'text', at: path, isPath: false },
    },
  ]
}

/** Which end this machine's socket is. */
type Role = 'client' | 'server'

/** Where the event itself shows it. */
const roleShown = ({ kind }: RecordKind): Role | undefined => {
  if (kind === EventNumber.connect) return 'client'
  const serves =
    kind === EventNumber.accept || kind === EventNumber.listen || kind === EventNumber.bind
  return serves ? 'server' : undefined
}

/** The role on all records; `undefined` on those that should tell it, and do not. */
const roles = (of: RecordKind): readonly (readonly [when: Plan, role: Role | undefined])[] => {
  const shown = roleShown(of)
  if (shown !== undefined) return [[everything, shown]]
  const at = of.places.number('socket.role')
  const [client, server] = [BigInt(ROLE_CLIENT), BigInt(ROLE_SERVER)]
  return [
    [numberIn(at, [client]), 'client'],
    [numberIn(at, [server]), 'server'],
    [inverse(numberIn(at, [client, server])), undefined],
  ]
}

const untoldRole = unknown('which end of a socket serves')

type ReadSide = (of: RecordKind, side: Side) => Reading

const address: ReadSide = (of, side) => {
  const offset = of.places.offset(`socket.${side}_address`)
  const isNarrow = isMapped(of, side)
  const wide = hasFamily(of, inet6Family)
  return [
    { when: hasFamily(of, inetFamily), value: { is: 'address', offset, version: 4 } },
    {
      when: allOf([wide, isNarrow]),
      value: { is: 'address', offset: offset + mappedAt, version: 4 },
    },
    { when: allOf([wide, inverse(isNarrow)]), value: { is: 'address', offset, version: 6 } },
  ]
}

const portAs =
  (make: (at: ReturnType<RecordKind['places']['number']>) => Known): ReadSide =>
  (of, side) =>
    only(isInet(of), make(of.places.number(`socket.${side}_port`)))

const port = portAs((at) => ({ is: 'number', at }))
const portText = portAs((at) => ({ is: 'digits', at, radix: 10 }))

const side =
  (read: ReadSide, which: Side): ReadField =>
  (of) =>
    of.places.has('socket.family') ? read(of, which) : []

const end =
  (read: ReadSide, which: 'client' | 'server'): ReadField =>
  (of) => {
    if (!of.places.has('socket.family')) return []
    return roles(of).flatMap(([when, role]) => {
      if (role !== undefined) return where(when, read(of, role === which ? 'local' : 'remote'))
      return [{ when: allOf([when, isInet(of)]), value: untoldRole, isLack: true }]
    })
  }

const bothSides =
  (read: ReadSide): ReadField =>
  (of) => {
    if (!of.places.has('socket.family')) return []
    return only(isInet(of), { is: 'both', values: [read(of, 'local'), read(of, 'remote')] })
  }

const protocols: readonly (readonly [name: string, numbers: readonly bigint[]])[] = [
  ['tcp', [6n]],
  ['udp', [17n]],
  ['icmp', [1n, 58n]],
]
const rawType = 3n

/** `fd.l4proto` of sockets. */
export const protocolReading = (of: RecordKind): Reading => {
  if (!of.places.has('socket.family')) return []
  const at = of.places.number('socket.protocol')
  const isRaw = numberIn(of.places.number('socket.type'), [rawType])
  const constant = (value: string): Possible => ({ is: 'constant', value })
  const named = protocols.map(([name, numbers]) => [numberIn(at, numbers), constant(name)] as const)
  return where(
    isSocket(of),
    firstOf([
      [inverse(isInet(of)), constant('<NA>')],
      ...named,
      [isRaw, constant('raw')],
      [isSocket(of), constant('<NA>')],
    ]),
  )
}

const established = 1n

/** `fd.connected` of sockets. */
export const connectedReading = (of: RecordKind): Reading =>
  of.places.has('socket.family')
    ? where(isSocket(of), truth(numberIn(of.places.number('socket.state'), [established])))
    : []

/** `fd.name_changed` of sockets. */
export const changedReading = (of: RecordKind): Reading =>
  only(isSocket(of), unknown('what a socket was used for before'))

export const socketReadings: Readings = {
  'fd.ip': bothSides(address),
  'fd.net': bothSides(address),
  'fd.cip': end(address, 'client'),
  'fd.sip': end(address, 'server'),
  'fd.lip': side(address, 'local'),
  'fd.rip': side(address, 'remote'),
  'fd.cnet': end(address, 'client'),
  'fd.snet': end(address, 'server'),
  'fd.lnet': side(address, 'local'),
  'fd.rnet': side(address, 'remote'),
  'fd.cip.name': end(address, 'client'),
  'fd.sip.name': end(address, 'server'),
  'fd.lip.name': side(address, 'local'),
  'fd.rip.name': side(address, 'remote'),
  'fd.port': bothSides(port),
  'fd.cport': end(port, 'client'),
  'fd.sport': end(port, 'server'),
  'fd.lport': side(port, 'local'),
  'fd.rport': side(port, 'remote'),
  'fd.proto': bothSides(port),
  'fd.cproto': end(portText, 'client'),
  'fd.sproto': end(portText, 'server'),
  'fd.lproto': side(portText, 'local'),
  'fd.rproto': side(portText, 'remote'),
  'fd.sockfamily': (of) =>
    firstOf([
      [isInet(of), { is: 'constant', value: 'ip' }],
      [hasFamily(of, unixFamily), { is: 'constant', value: 'unix' }],
    ]),
  'fd.is_server': (of) => {
    if (!of.places.has('socket.family')) return []
    const reading = roles(of).map(([when, role]): Case => {
      if (role === undefined) return { when, value: untoldRole, isLack: true }
      return { when, value: { is: 'constant', value: role === 'server' } }
    })
    return where(isSocket(of), reading)
  },
}
