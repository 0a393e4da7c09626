/** What `bulwark doctor` says of policies, and of the API server. */
import type { LoadedPolicy } from '@bulwark/policy'
import { diagnosticText } from '@bulwark/policy'
import type { ClusterView, Right, ServerFacts } from './cluster.ts'
import { scopeText, selectionText, stateOf } from './policy.ts'

/** What was found out of a cluster. */
export interface ClusterDiagnosis {
  readonly server: ServerFacts | undefined
  readonly view: ClusterView | undefined
  readonly policies: readonly LoadedPolicy[]
  /** What the agent of this node keeps of them over a restart, in lines. */
  readonly kept: readonly string[]
}

const rightState = ({ isGiven }: Right): string =>
  isGiven === undefined ? 'cannot tell' : isGiven ? 'yes' : 'no'

const serverLines = ({ place, version, knowsPolicies, rights }: ServerFacts): readonly string[] => {
  const lacks = [
    '  without it: there are no policies of the cluster',
    '  to get it: kubectl apply -f deploy/crds/',
  ]
  return [
    `API server ${place}: ${version}`,
    `it knows RuntimePolicies: ${knowsPolicies ? 'yes' : 'no'}`,
    ...(knowsPolicies ? [] : lacks),
    ...rights.flatMap((right) => [
      `right to ${right.verb} ${right.resource}: ${rightState(right)}`,
      ...(right.isGiven === true
        ? []
        : [`  without it: ${right.without}`, '  to get it: deploy/agent-rbac.yaml']),
    ]),
  ]
}

const policyLines = (
  policies: readonly LoadedPolicy[],
  view: ClusterView | undefined,
): readonly string[] => {
  if (policies.length === 0) return []
  const sound = policies.filter(({ isDisabled }) => !isDisabled)
  return [
    `policies: ${sound.length} of ${policies.length} hold`,
    ...policies.flatMap((policy) => {
      const { name, place, scope, isDisabled, found } = policy
      const named = name === '' ? `${place.file}:${place.line}` : name
      const selects = view ? `; selects ${selectionText(policy, view)}` : ''
      const where = isDisabled ? '' : `: ${scopeText(scope)}${selects}`
      return [
        `  ${named}: ${stateOf(policy)}${where}`,
        ...found.map((each) => `    ${diagnosticText(each).replaceAll('\n', '\n    ')}`),
      ]
    }),
  ]
}

/** Lines for people. */
export const clusterLines = ({
  server,
  view,
  policies,
  kept,
}: ClusterDiagnosis): readonly string[] => [
  ...(server ? serverLines(server) : []),
  ...policyLines(policies, view),
  ...kept,
]

/** The same for programs. */
export const clusterJson = ({ server, view, policies, kept }: ClusterDiagnosis): object => ({
  ...(server
    ? {
        apiServer: {
          ...server,
          rights: server.rights.map(({ verb, resource, isGiven, without }) => ({
            verb,
            resource,
            state: rightState({ verb, resource, isGiven, without }),
            ...(isGiven === true ? {} : { without }),
          })),
        },
      }
    : {}),
  kept,
  policies: policies.map(({ name, place, mode, scope, isDisabled, found }) => ({
    name,
    file: place.file,
    mode,
    actsAs: isDisabled ? null : 'audit',
    ...(view && !isDisabled
      ? { containers: { ...view.containers.selectedBy(scope), of: view.containers.count } }
      : {}),
    found: found.map(diagnosticText),
  })),
})
