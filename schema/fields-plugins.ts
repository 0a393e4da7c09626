/**
 * Fields of Falco's plugins other than that for containers: known by name, so that a rule that
 * needs one is told why it cannot run here. What of them this sensor knows itself it carries.
 */
import type { FieldSpec } from './fieldtypes.ts'
import { argument, carried, known } from './fieldforms.ts'

const noPod = 'on the host, or the runtime tells nothing'
const noServer = 'on the host, in no pod, or no API server tells'

/** Of the plugin k8smeta: of the pod and its namespace. */
const ofThePod: readonly FieldSpec[] = [
  carried('k8smeta.pod.name', 'string', 'as k8s.pod.name', noPod),
  carried('k8smeta.pod.uid', 'string', 'as k8s.pod.uid', 'in no pod'),
  carried('k8smeta.pod.label', 'string', 'as k8s.pod.label', 'has none of that name', {
    argument: argument('key', true),
  }),
  carried('k8smeta.pod.labels', 'string', 'labels of the pod, `key:value` each', noPod, {
    list: true,
  }),
  carried('k8smeta.pod.ip', 'string', 'as k8s.pod.ip', 'in the network of the host'),
  carried('k8smeta.ns.name', 'string', 'as k8s.ns.name', noPod),
  carried('k8smeta.ns.uid', 'string', 'as k8s.ns.id', noServer),
  carried('k8smeta.ns.label', 'string', 'as k8s.ns.label', noServer, {
    argument: argument('key', true),
  }),
  carried('k8smeta.ns.labels', 'string', 'labels of the namespace, `key:value` each', noServer, {
    list: true,
  }),
  carried('k8smeta.deployment.name', 'string', 'as k8s.deployment.name', noServer),
]

const ofTheCluster =
  'the plugin k8smeta asks the API server for it, and this sensor for pods and namespaces alone'

const ofClusterKind = (kind: string, list: boolean): readonly FieldSpec[] =>
  ['name', 'uid', 'label', 'labels'].map((part) =>
    known(
      `k8smeta.${kind}.${part}`,
      'string',
      {
        list: list || part === 'labels',
        ...(part === 'label' && { argument: argument('key', true) }),
      },
      ofTheCluster,
    ),
  )

const auditLog = 'it is of the audit log of the API server (plugin k8saudit), which is not read'

const audited = (names: string, options: Partial<FieldSpec>): readonly FieldSpec[] =>
  names.split(' ').map((name) => known(`ka.${name}`, 'string', options, auditLog))

const ofContainers = (
  'name image image.repository command args privileged allow_privilege_escalation read_only_fs ' +
  'run_as_user eff_run_as_user run_as_group eff_run_as_group proc_mount add_capabilities'
).split(' ')
const containerLists = [
  ...['containers', 'initContainers'].flatMap((kind) =>
    [...ofContainers, 'host_port'].map((part) => `req.pod.${kind}.${part}`),
  ),
  ...ofContainers.map((part) => `req.pod.ephemeralContainers.${part}`),
].join(' ')

/** Of the plugin k8saudit. */
const auditFields: readonly FieldSpec[] = [
  ...audited(
    'auditid stage auth.decision auth.reason auth.openshift.decision auth.openshift.username ' +
      'validations.admission.policy.failure security.pod.violations user.name impuser.name verb ' +
      'uri target.name target.namespace target.resource target.subresource target.pod.name ' +
      'req.binding.role req.configmap.name req.configmap.obj req.container.image ' +
      'req.container.image.repository req.container.host_network req.container.privileged ' +
      'req.pod.host_ipc req.pod.host_network req.pod.host_pid req.pod.run_as_user ' +
      'req.pod.run_as_group req.pod.fs_group req.service.type resp.name response.code ' +
      'response.reason useragent cluster.name',
    {},
  ),
  ...audited('uri.param req.binding.subject.has_name req.volume.hostpath', {
    argument: argument('key', true),
  }),
  ...audited(
    'user.groups req.binding.subjects req.binding.subjects.user_names ' +
      'req.binding.subjects.serviceaccount_names req.binding.subjects.serviceaccount_ns_names ' +
      'req.binding.subjects.group_names req.role.rules req.pod.supplemental_groups',
    { list: true },
  ),
  ...audited(
    'req.role.rules.apiGroups req.role.rules.nonResourceURLs req.role.rules.verbs ' +
      'req.role.rules.resources req.service.ports req.pod.volumes.hostpath ' +
      `req.pod.volumes.flexvolume_driver req.pod.volumes.volume_type sourceips ${containerLists}`,
    { list: true, argument: argument('index', false) },
  ),
]

const noJson = 'it is of events that hold JSON (plugin json), and no event of this sensor does'

/** Of the plugin json. */
const jsonFields: readonly FieldSpec[] = ['json', 'jevt'].flatMap((name) => [
  known(`${name}.value`, 'string', { argument: argument('key', true) }, noJson),
  known(`${name}.obj`, 'string', {}, noJson),
  known(`${name}.rawtime`, 'string', {}, noJson),
])

const carriedNames: ReadonlySet<string> = new Set(ofThePod.map(({ name }) => name))

export const pluginFields: readonly FieldSpec[] = [
  ...ofThePod,
  ...['ns', 'deployment', 'rs', 'rc']
    .flatMap((kind) => ofClusterKind(kind, false))
    .filter(({ name }) => !carriedNames.has(name)),
  ...ofClusterKind('svc', true),
  ...auditFields,
  ...jsonFields,
]
