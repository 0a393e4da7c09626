/** Factors of the pod: where it can be reached from, what it may do, what holds it in. */
import { selects } from '@bulwark/schema'
import type { EscapeWay, Exposure, IdentityPower } from './context.ts'
import type { FactorRow, FoundFactor, JudgedInput } from './factor.ts'
import { defaultSettings } from './settings.ts'

const exposed =
  (
    holds: (exposure: Exposure) => boolean,
    text: string,
  ): ((input: JudgedInput) => FoundFactor | undefined) =>
  ({ context: { exposure } }) =>
    exposure && holds(exposure) ? { text, facts: exposure.facts } : undefined

const isSure = ({ certainty }: Exposure): boolean =>
  certainty === 'certain' || certainty === 'observed'

/** What a text says of how sure it is. */
const doubt = (certainty: string): string =>
  certainty === 'certain' || certainty === 'observed' ? '' : ' (possible)'

const stepsText = (steps: number): string => (steps === 1 ? '1 step' : `${steps} steps`)

const power =
  (
    holds: (identity: IdentityPower, input: JudgedInput) => boolean,
    what: string,
  ): ((input: JudgedInput) => FoundFactor | undefined) =>
  (input) => {
    const { identity } = input.context
    if (!identity || !identity.hasToken || !holds(identity, input)) return undefined
    const name = identity.serviceAccount?.name ?? 'its identity'
    const text = `the token of ${name} leads to ${what} in ${stepsText(identity.steps)}`
    return { text: text + doubt(identity.certainty), facts: identity.facts }
  }

/** The ways out of the alerting container, or of any. */
export const waysOut = ({ alert, context }: JudgedInput): readonly EscapeWay[] =>
  (context.escapes ?? []).filter(
    ({ container }) => alert?.container === undefined || container === alert.container,
  )

/** Whether one of them is more than a fault that may have been mended. */
export const mayLeadOut = (input: JudgedInput): boolean =>
  waysOut(input).some(({ certainty }) => certainty !== 'unknown')

/** The first ways in words, the others by the ids of their edges. */
const waysText = (ways: readonly EscapeWay[]): string => {
  const titles = new Map(ways.map(({ edge, title }) => [edge, title]))
  const edges = [...titles.keys()].toSorted()
  const said = edges.slice(0, saidWaysMax).map((edge) => `${titles.get(edge) ?? ''} (${edge})`)
  const more = edges.slice(saidWaysMax)
  return [...said, ...(more.length > 0 ? [`also ${more.join(', ')}`] : [])].join('; ')
}
const saidWaysMax = 2

const sureness: readonly EscapeWay['certainty'][] = ['unknown', 'possible', 'certain']
const isSurer = (a: EscapeWay, b: EscapeWay): boolean =>
  sureness.indexOf(a.certainty) > sureness.indexOf(b.certainty)

const escaping =
  (
    holds: (way: EscapeWay) => boolean,
    what: string,
  ): ((input: JudgedInput) => FoundFactor | undefined) =>
  (input) => {
    const ways = waysOut(input)
    const found = ways.filter((way) => holds(way))
    const [first] = found
    // Of the rows of the table one holds.
    if (!first || ways.some((way) => isSurer(way, first))) return undefined
    return {
      text: `${what}: ${waysText(found)}`,
      facts: found.flatMap(({ facts }) => facts),
    }
  }

const exposureRows: readonly FactorRow[] = [
  {
    id: 'exposure.internet',
    direction: 'raise',
    weight: 10,
    part: 'exposure',
    when:
      'The pod is open to the internet (level 6), by its objects or by a connection that was ' +
      'seen.',
    why: 'Everybody can try; most attacks that are not aimed at you come this way.',
    find: exposed((each) => each.level === 6 && isSure(each), 'the pod is open to the internet'),
  },
  {
    id: 'exposure.internet-possible',
    direction: 'raise',
    weight: 4,
    part: 'exposure',
    when:
      'It may be: a port of a node with a public address, behind a firewall that no object ' +
      'tells.',
    why: 'Less than half a level: it counts where something else speaks for an attack.',
    find: exposed(
      (each) => each.level === 6 && !isSure(each),
      'the pod may be open to the internet: the objects do not tell of a firewall',
    ),
  },
  {
    id: 'exposure.internet-behind-login',
    direction: 'raise',
    weight: 4,
    part: 'exposure',
    when:
      'It is reached from the internet behind a login, a client certificate or source ranges ' +
      '(level 5).',
    why: 'Few can try, unless the login itself is what is broken.',
    find: exposed(
      (each) => each.level === 5,
      'the pod is reached from the internet behind a login',
    ),
  },
  {
    id: 'exposure.private',
    direction: 'raise',
    weight: 2,
    part: 'exposure',
    when: 'A private load balancer or the network of the nodes leads to it (levels 3 and 4).',
    why: 'Whoever is in the company network, or in the cloud account, can try.',
    find: exposed(
      (each) => each.level === 3 || each.level === 4,
      'the pod is reached from the private network around the cluster',
    ),
  },
  {
    id: 'exposure.none',
    direction: 'lower',
    weight: 4,
    part: 'exposure',
    when: 'No Service and no port of a node leads to it (levels 0 and 1).',
    why: 'Somebody must be in the cluster already. Not much: attackers often are.',
    find: exposed((each) => each.level <= 1, 'nothing outside of the pod network leads to the pod'),
  },
]

const identityRows: readonly FactorRow[] = [
  {
    id: 'identity.cluster-admin',
    direction: 'raise',
    weight: 10,
    part: 'identity',
    when: `The token leads to cluster-admin in at most ${defaultSettings.nearSteps} steps.`,
    why: 'What runs in the pod is the cluster, one command away.',
    find: power(
      ({ reaches, steps }, { settings }) =>
        reaches === 'cluster-admin' && steps <= settings.nearSteps,
      'cluster-admin',
    ),
  },
  {
    id: 'identity.cluster-admin-far',
    direction: 'raise',
    weight: 4,
    part: 'identity',
    when: 'It leads there in more steps.',
    why: 'Each step can fail, and can be seen.',
    find: power(
      ({ reaches, steps }, { settings }) =>
        reaches === 'cluster-admin' && steps > settings.nearSteps,
      'cluster-admin',
    ),
  },
  {
    id: 'identity.secrets',
    direction: 'raise',
    weight: 4,
    part: 'identity',
    when: 'It reads secrets of a namespace, and does not lead to cluster-admin.',
    why: 'Secrets are what the next step is made of.',
    find: power(({ reaches }) => reaches === 'secrets', 'secrets'),
  },
  {
    id: 'identity.no-token',
    direction: 'lower',
    weight: 4,
    part: 'identity',
    when: 'No token for the API server is in the pod, or network policies keep the pod from it.',
    why: 'The API server is the usual next step, and it is closed.',
    find: ({ context: { identity } }) =>
      identity && !identity.hasToken
        ? {
            text: 'the pod has no token that it could use at the API server',
            facts: identity.facts,
          }
        : undefined,
  },
]

const holdRows: readonly FactorRow[] = [
  {
    id: 'escape.certain',
    direction: 'raise',
    weight: 10,
    part: 'escapes',
    when: 'The container has a way to its node that the objects make certain.',
    why: 'Control of the container is control of the node and of all pods on it.',
    find: escaping(({ certainty }) => certainty === 'certain', 'the container leads to its node'),
  },
  {
    id: 'escape.possible',
    direction: 'raise',
    weight: 4,
    part: 'escapes',
    when: 'It may have one: something that it needs is not in the objects.',
    why: 'Less than half a level, as with every doubt.',
    find: escaping(
      ({ certainty }) => certainty === 'possible',
      'the container may lead to its node',
    ),
  },
  {
    id: 'escape.unknown',
    direction: 'none',
    weight: 0,
    part: 'escapes',
    when:
      'By its version the kernel or the runtime of the node has a fault, which whoever ships it ' +
      'may have mended.',
    why: 'All pods of most nodes would have it: it tells none apart. Update the nodes.',
    find: escaping(
      ({ certainty }) => certainty === 'unknown',
      'it is not known whether the container leads to its node',
    ),
  },
  {
    id: 'posture.restricted',
    direction: 'lower',
    weight: 4,
    part: 'posture',
    when: 'The pod keeps to the restricted standard and has a profile of seccomp.',
    why: 'No root, no capabilities, few system calls: little to go on from.',
    find: ({ context: { posture } }) =>
      posture?.level === 'restricted' && posture.hasSeccomp
        ? { text: 'the pod keeps to the restricted standard, with seccomp', facts: posture.facts }
        : undefined,
  },
  {
    id: 'posture.sandbox',
    direction: 'lower',
    weight: 4,
    part: 'posture',
    when: 'It runs in a sandbox: gVisor, Kata.',
    why: 'A hole in the kernel is none in the node. What the pod may do elsewhere stays.',
    find: ({ context: { posture } }) =>
      posture?.sandbox === undefined
        ? undefined
        : { text: `the pod runs in the sandbox ${posture.sandbox}`, facts: posture.facts },
  },
  {
    id: 'data.secrets',
    direction: 'raise',
    weight: 2,
    part: 'secrets',
    when: 'Secrets are mounted, or in the environment.',
    why: 'Most pods have some: it counts together with others only.',
    find: ({ context: { secrets } }) =>
      secrets && secrets.length > 0
        ? { text: `the pod has ${secretsText(secrets.length)}`, facts: secrets }
        : undefined,
  },
  {
    id: 'neighbours.critical',
    direction: 'raise',
    weight: 4,
    part: 'neighbours',
    when: 'The container has a way to its node, and pods that matter more run there.',
    why: 'It is they who are lost with the node.',
    find: (input) => {
      const { neighbours } = input.context
      if (!neighbours || neighbours.length === 0 || !mayLeadOut(input)) return undefined
      return { text: 'pods that matter more run on the same node', facts: neighbours }
    },
  },
  {
    id: 'namespace.development',
    direction: 'lower',
    weight: 10,
    part: 'namespaceLabels',
    when: 'Labels of the namespace say that it is for development or tests.',
    why: 'People open shells there all day. A level, and not more: such pods are ways in, too.',
    find: ({ context, settings }) => {
      const { namespaceLabels, pod } = context
      if (!namespaceLabels) return undefined
      const selector = settings.development.find((each) => selects(each, namespaceLabels) === true)
      if (!selector) return undefined
      const label = selector
        .flatMap(({ key }) => namespaceLabels.labels.filter(([name]) => name === key))
        .map((pair) => pair.join('='))
        .join(', ')
      const text = `the namespace is for development: ${label}`
      const object = { kind: 'Namespace', namespace: '', name: pod.namespace }
      return { text, facts: [{ text: `has the label ${label}`, object, path: 'metadata.labels' }] }
    },
  },
]

const secretsText = (count: number): string => (count === 1 ? '1 secret' : `${count} secrets`)

export const podFactors: readonly FactorRow[] = [...exposureRows, ...identityRows, ...holdRows]
