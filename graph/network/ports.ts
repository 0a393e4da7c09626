/**
 * Sets of ports of TCP, UDP and SCTP. A port is one number: that of its protocol times 65,536, and
 * its own. Sets are values: no function changes one.
 */

export const protocols = ['TCP', 'UDP', 'SCTP'] as const
export type Protocol = (typeof protocols)[number]

export const isProtocol = (text: string): text is Protocol =>
  (protocols as readonly string[]).includes(text)

const portsOfProtocol = 65_536
export const portMax = portsOfProtocol - 1

/** Ranges of ports, both ends in them, ascending, with gaps between. */
export type PortSet = readonly (readonly [first: number, last: number])[]

export const noPorts: PortSet = []

export const portNumber = (protocol: Protocol, port: number): number =>
  protocols.indexOf(protocol) * portsOfProtocol + port

/** Ports of one protocol, both ends in them, 1 to 65,535. */
export const portRange = (protocol: Protocol, first: number, last: number): PortSet => [
  [portNumber(protocol, first), portNumber(protocol, last)],
]

/** Every port of every protocol. */
export const allPorts: PortSet = protocols.flatMap((each) => portRange(each, 1, portMax))

export const isAllPorts = (set: PortSet): boolean =>
  set === allPorts || (set.length === allPorts.length && subtract(allPorts, set).length === 0)

export const union = (a: PortSet, b: PortSet): PortSet => {
  if (a.length === 0 || b === allPorts) return b
  if (b.length === 0 || a === allPorts) return a
  const joined: [number, number][] = []
  for (const [first, last] of [...a, ...b].toSorted(([x], [y]) => x - y)) {
    const before = joined.at(-1)
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else joined.push([first, last])
  }
  return joined
}

export const intersect = (a: PortSet, b: PortSet): PortSet => {
  if (a === allPorts) return b
  if (b === allPorts) return a
  const both: [number, number][] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [[aFirst, aLast], [bFirst, bLast]] = [a[i] ?? [0, 0], b[j] ?? [0, 0]]
    const [first, last] = [Math.max(aFirst, bFirst), Math.min(aLast, bLast)]
    if (first <= last) both.push([first, last])
    if (aLast < bLast) i++
    else j++
  }
  return both
}

export const subtract = (a: PortSet, b: PortSet): PortSet => {
  const left: [number, number][] = []
  for (const [first, last] of a) {
    let next = first
    for (const [from, to] of b) {
      if (to < next || from > last) continue
      if (from > next) left.push([next, from - 1])
      next = to + 1
    }
    if (next <= last) left.push([next, last])
  }
  return left
}

export const hasPort = (set: PortSet, port: number): boolean =>
  set.some(([first, last]) => first <= port && port <= last)

/** `TCP 80, 443 to 445; UDP 53`, `no port`, `every port`. */
export const portsText = (set: PortSet): string => {
  if (set.length === 0) return 'no port'
  if (isAllPorts(set)) return 'every port'
  const texts = protocols.flatMap((protocol, index) => {
    const own = set
      .filter(([first]) => Math.floor(first / portsOfProtocol) === index)
      .map(([first, last]) => [first % portsOfProtocol, last % portsOfProtocol] as const)
      .map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`))
    if (own.length === 0) return []
    return [`${protocol} ${own[0] === `1 to ${portMax}` ? 'all' : own.join(', ')}`]
  })
  return texts.join('; ')
}
