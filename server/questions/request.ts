/** What is asked of RBAC, as people write it: `create pods/exec`, `get deployments.apps`. */
import type { Cluster, Request } from '@bulwark/graph'
import { closest } from '@bulwark/schema'

/** API groups of resources that every API server has; others are written with their group. */
const groups: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    (
      'bindings configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims ' +
      'persistentvolumes pods podtemplates replicationcontrollers resourcequotas secrets ' +
      'serviceaccounts services users groups'
    )
      .split(' ')
      .map((each) => [each, '']),
  ),
  controllerrevisions: 'apps',
  daemonsets: 'apps',
  deployments: 'apps',
  replicasets: 'apps',
  statefulsets: 'apps',
  horizontalpodautoscalers: 'autoscaling',
  cronjobs: 'batch',
  jobs: 'batch',
  certificatesigningrequests: 'certificates.k8s.io',
  signers: 'certificates.k8s.io',
  leases: 'coordination.k8s.io',
  endpointslices: 'discovery.k8s.io',
  ingressclasses: 'networking.k8s.io',
  ingresses: 'networking.k8s.io',
  networkpolicies: 'networking.k8s.io',
  runtimeclasses: 'node.k8s.io',
  poddisruptionbudgets: 'policy',
  clusterrolebindings: 'rbac.authorization.k8s.io',
  clusterroles: 'rbac.authorization.k8s.io',
  rolebindings: 'rbac.authorization.k8s.io',
  roles: 'rbac.authorization.k8s.io',
  priorityclasses: 'scheduling.k8s.io',
  storageclasses: 'storage.k8s.io',
  mutatingwebhookconfigurations: 'admissionregistration.k8s.io',
  validatingadmissionpolicies: 'admissionregistration.k8s.io',
  validatingadmissionpolicybindings: 'admissionregistration.k8s.io',
  validatingwebhookconfigurations: 'admissionregistration.k8s.io',
  customresourcedefinitions: 'apiextensions.k8s.io',
  apiservices: 'apiregistration.k8s.io',
  tokenreviews: 'authentication.k8s.io',
  subjectaccessreviews: 'authorization.k8s.io',
}

export interface Asked {
  readonly verb: string
  readonly resource: string
  readonly name: string | undefined
  readonly namespace: string | undefined
}

export const requestOf = ({
  verb,
  resource: text,
  name = '',
  namespace = '',
}: Asked): Request | { readonly message: string; readonly help: string } => {
  if (text.startsWith('/')) return { verb, path: text }
  const [whole = '', subresource = ''] = text.split(/\/(.*)/s)
  const [resource = '', written] = whole.split(/\.(.*)/s)
  // `*` of every group is a request that only a rule for everything allows.
  const group = written ?? (resource === '*' ? '*' : groups[resource])
  if (group !== undefined) return { verb, group, resource, subresource, namespace, name }
  const near =
    closest(resource, Object.keys(groups)) ?? closest(`${resource}s`, Object.keys(groups))
  return {
    message: `no resource \`${resource}\` is known without its API group`,
    help:
      near === undefined
        ? 'write its plural, and the group behind a dot: `applications.argoproj.io`'
        : `did you mean \`${near}\`? Of others the group is written: \`applications.argoproj.io\``,
  }
}

const usualVerbs: ReadonlySet<string> = new Set(
  (
    'get list watch create update patch delete deletecollection ' +
    'impersonate bind escalate approve sign attest use put post head options *'
  ).split(' '),
)

/** What is to be said of a request that is answered, and that may not be what was meant. */
export const remarksOnRequest = (
  { objects }: Cluster,
  { verb, namespace = '' }: Asked,
): readonly string[] => {
  const remarks: string[] = []
  if (!usualVerbs.has(verb)) {
    const known = 'get, list, watch, create, update, patch, delete, impersonate, bind, escalate'
    remarks.push(`${verb} is none of the usual verbs (${known}); to exec is to create pods/exec`)
  }
  const areNamespacesKnown = objects.count('Namespace') > 0
  if (namespace !== '' && areNamespacesKnown && !objects.get('Namespace', '', namespace)) {
    remarks.push(`there is no namespace ${namespace}: what is told holds for one that is made`)
  }
  return remarks
}
