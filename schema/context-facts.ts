/**
 * What a RuntimePolicy's `context` can ask of an alert once it is judged: facts of the graph, as
 * fields of the rule language, and what a condition of them means for whoever applies it.
 */
import { argument, carried } from './fieldforms.ts'
import { fieldNamed } from './fields.ts'
import type { FieldSpec, FieldValue } from './fieldtypes.ts'
import type { Answer } from './selector.ts'

/** Factors of the judgement, in the order of its table (`graph/judgement/`). */
export const factorIds = [
  'exposure.internet',
  'exposure.internet-possible',
  'exposure.internet-behind-login',
  'exposure.private',
  'exposure.none',
  'identity.cluster-admin',
  'identity.cluster-admin-far',
  'identity.secrets',
  'identity.no-token',
  'escape.certain',
  'escape.possible',
  'escape.unknown',
  'posture.restricted',
  'posture.sandbox',
  'data.secrets',
  'neighbours.critical',
  'namespace.development',
  'cve.exploited',
  'cve.likely',
  'cve.owns-process',
  'cve.open',
  'image.end-of-life',
  'cve.vex',
  'cve.unseen',
  'cve.stale',
  'cve.unreported',
  'alerts.chain',
  'chain.exposure',
  'escape.walked',
  'node.taken',
  'attempt.failed',
  'attempt.no-way',
  'attempt.unproven',
  'learning.anomaly',
  'audit.authorised',
] as const
export type FactorId = (typeof factorIds)[number]

/** Parts of a pod's context, each of which may not be known. */
export const contextPartIds = [
  'exposure',
  'identity',
  'escapes',
  'cves',
  'posture',
  'secrets',
  'neighbours',
  'namespaceLabels',
] as const
export type ContextPartId = (typeof contextPartIds)[number]

const fact = (
  name: string,
  type: FieldSpec['type'],
  meaning: string,
  unknown: string,
  values?: readonly string[],
): FieldSpec => carried(`graph.${name}`, type, meaning, unknown, values ? { values } : {})

const noPod = 'the graph does not have the pod'
const doubt = (what: string): string => `${noPod}, or ${what}`

/** Facts of the graph. `absent` says when one is not known. */
export const graphFields: readonly FieldSpec[] = [
  fact(
    'internet_exposed',
    'bool',
    'the pod is open to the internet: level 6',
    doubt('it may be: behind a firewall that no object tells of'),
  ),
  fact(
    'exposure_level',
    'u32',
    'how far away somebody may be who reaches the pod, at the most: 0 nobody, 1 the pod network, ' +
      '2 a Service inside the cluster, 3 the network of the nodes, 4 a private load balancer, ' +
      '5 the internet behind a login, 6 the internet',
    noPod,
  ),
  fact('has_token', 'bool', 'a token for the API server is in the pod', noPod),
  fact(
    'token_reaches',
    'string',
    'the worst that the token leads to; `nothing` without one',
    doubt('a step of the way is only possible, or the search has left something out'),
    ['cluster-admin', 'secrets', 'other', 'nothing'],
  ),
  fact(
    'path_to_cluster_admin',
    'bool',
    'a way leads from the pod to cluster-admin: by its token, its node, secrets',
    doubt('a step of the way is only possible, or no way was found and something was left out'),
  ),
  fact(
    'path_to_node',
    'bool',
    'the container of the alert has a way to its node',
    doubt('there is a way that is only possible'),
  ),
  fact(
    'privileged',
    'bool',
    'the container of the alert is privileged, and root of its node (`ESC_PRIV`)',
    noPod,
  ),
  fact(
    'pod_security',
    'string',
    'what the pod itself keeps to, of the Pod Security Standards',
    noPod,
    ['privileged', 'baseline', 'restricted'],
  ),
  fact('seccomp', 'bool', 'every container has a profile of seccomp', noPod),
  fact('sandboxed', 'bool', 'the pod runs in a sandbox, such as gVisor or Kata', noPod),
  fact('secrets', 'u32', 'how many secrets are mounted, or in the environment', noPod),
  fact('critical_neighbours', 'bool', 'pods that matter more run on the same node', noPod),
  fact(
    'cve_kev',
    'bool',
    "the image of the alert's container has a vulnerability of CISA's KEV list that no VEX " +
      'statement takes away',
    doubt('no report is about the image'),
  ),
  fact(
    'cve_in_use_kev',
    'bool',
    'one of these is in a package that was seen in use',
    doubt('no report is about the image, or it is not known whether the package is in use'),
  ),
  carried(
    'graph.factor',
    'bool',
    'the judgement has this factor',
    'what it is about is not known',
    {
      argument: { ...argument('key', true), values: factorIds },
    },
  ),
  carried('graph.known', 'bool', 'this part of the context is known', 'always known', {
    argument: { ...argument('key', true), values: contextPartIds },
  }),
]

/** Fields of the event's pod and container that a judgement knows, too. */
const sharedNames = [
  'k8s.ns.name',
  'k8s.ns.label',
  'k8s.pod.name',
  'k8s.pod.label',
  'container.name',
] as const

/** All that a condition of `context` can name. */
export const contextFields: readonly FieldSpec[] = [
  ...graphFields,
  ...sharedNames.flatMap((name): readonly FieldSpec[] => {
    const field = fieldNamed(name)
    return field ? [{ ...field, deprecated: false }] : []
  }),
]

/** A fact that is known. Its value may be absent: a pod without such a label. */
export interface KnownFact {
  readonly value: FieldValue
}

/** Reads a fact of an alert; `undefined`: it is not known. */
export type ReadFact = (
  name: string,
  argument: number | string | undefined,
) => KnownFact | undefined

/** What becomes of an alert in a context. */
export const contextEffects = ['raise', 'lower', 'suppress'] as const
export type ContextEffectName = (typeof contextEffects)[number]

/** An item of a policy's `context`, checked and compiled. */
export interface ContextEffect {
  readonly policy: string
  /** The rule of the policy that it is about; `undefined`: all that run under the policy. */
  readonly rule: string | undefined
  /** Where it stands in the policy: `spec.context[0]`. */
  readonly path: string
  readonly effect: ContextEffectName
  /** Of `raise` and `lower`: 10 is one level; `undefined`: one level. */
  readonly weight: number | undefined
  readonly reason: string
  /** The condition, macros and lists put in. */
  readonly when: string
  /** Whether it holds of an alert; `undefined`: something that decides it is not known. */
  readonly holds: (read: ReadFact) => Answer
}
