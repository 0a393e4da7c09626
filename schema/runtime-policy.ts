/**
 * A RuntimePolicy, in the one description that its reader (`policy/runtime/`) and its custom
 * resource definition (`deploy/crds/`) come from. What each part means is in docs/policies.md.
 */
import type { ObjectShape, ValueShape } from './shape.ts'
import { contextEffects } from './context-facts.ts'
import { listOf, may, must, number, text } from './shape.ts'

export const policyGroup = 'bulwark.dev'
export const policyVersion = 'v1alpha1'
export const policyKind = 'RuntimePolicy'
/** As an API server names them in paths and roles. */
export const policyPlural = 'runtimepolicies'
export const policyApiVersion = `${policyGroup}/${policyVersion}`

/** What happens on a match: it is told; or it is told and stopped. */
export const policyModes = ['audit', 'enforce'] as const

/** Severities, the most urgent first: Falco's priorities. */
export const severities = [
  'Emergency',
  'Alert',
  'Critical',
  'Error',
  'Warning',
  'Notice',
  'Informational',
  'Debug',
] as const

/** How many of something one policy may have. */
export const most = {
  entries: 256,
  rules: 256,
  tags: 64,
  labels: 64,
  values: 256,
  rows: 4096,
} as const

const domain = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*'
const labelName = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'

/** Of a label's key, what stands before the slash has at most so many characters. */
export const labelPrefixMax = 253
const labelKeyMax = labelPrefixMax + 1 + 63
const labelValueMax = 63
const objectNameMax = 253

const labelKey = text({
  most: labelKeyMax,
  pattern: new RegExp(`^(?:${domain}/)?${labelName}$`),
  what: 'a label key: letters, digits, `-`, `_`, `.`, behind an optional `domain/`',
})
const labelValue = text({
  least: 0,
  most: labelValueMax,
  pattern: new RegExp(`^(?:${labelName})?$`),
  what: 'a label value: letters, digits, `-`, `_`, `.`; one of the first two at both ends',
})

const glob = text({ what: 'a glob' })

/** A LabelSelector of Kubernetes. */
export const labelSelector: ValueShape = {
  is: 'object',
  members: {
    matchLabels: may(
      { is: 'map', of: labelValue, keys: labelKey, most: most.labels },
      'Labels that must be there, with these values.',
    ),
    matchExpressions: may(
      listOf(
        {
          is: 'object',
          members: {
            key: must(labelKey, 'The key of the label.'),
            operator: must(
              text({ oneOf: ['In', 'NotIn', 'Exists', 'DoesNotExist'] }),
              'NotIn and DoesNotExist hold where there is no such label.',
            ),
            values: may(listOf(labelValue, most.values, 0), 'Values of In and NotIn.'),
          },
          cases: [
            { member: 'operator', values: ['In', 'NotIn'], list: 'values', hasItems: true },
            {
              member: 'operator',
              values: ['Exists', 'DoesNotExist'],
              list: 'values',
              hasItems: false,
            },
          ],
        },
        most.labels,
        0,
      ),
      'Conditions on labels, all of which must hold.',
    ),
  },
}

const scope: ValueShape = {
  is: 'object',
  members: {
    namespaceSelector: may(
      labelSelector,
      'Pods in namespaces with such labels. `kubernetes.io/metadata.name` is the name.',
    ),
    podSelector: may(labelSelector, 'Pods with such labels; `{}` is any pod.'),
    workloads: may(
      listOf(
        {
          is: 'object',
          members: {
            kind: may(glob, 'Deployment, StatefulSet, DaemonSet, CronJob, …; a glob.'),
            name: may(glob, 'Its name; a glob.'),
          },
          someOf: ['kind', 'name'],
        },
        most.entries,
      ),
      'Pods of any of these: of a Deployment, not of its ReplicaSet.',
    ),
    serviceAccounts: may(
      listOf(glob, most.entries),
      'Pods that run under any of these service accounts; globs.',
    ),
    images: may(
      listOf(
        {
          is: 'object',
          members: {
            name: may(
              text({ most: 1024, what: 'a glob' }),
              'The image without its digest; a glob. Without a tag it is any tag.',
            ),
            digest: may(
              text({
                most: 71,
                pattern: /^sha256:[0-9a-f]{64}$/,
                what: '`sha256:` and 64 digits in lower case',
              }),
              'The digest of its manifest.',
            ),
          },
          someOf: ['name', 'digest'],
        },
        most.entries,
      ),
      'Containers of any of these images.',
    ),
    containers: may(
      listOf(glob, most.entries),
      'Containers of any of these names in their pods; globs.',
    ),
  },
}

const severity = text({ oneOf: severities })
const condition = text({ most: 65_536, what: "a condition in Falco's language" })
const tags = listOf(
  text({
    most: 128,
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.:/-]*$/,
    what: 'a tag: letters, digits, `_`, `.`, `:`, `/`, `-`',
  }),
  most.tags,
  0,
)

const exceptions = listOf(
  {
    is: 'object',
    members: {
      name: must(text(), 'Its name.'),
      fields: must({ is: 'entry' }, 'A field, or a list of fields.'),
      comps: may({ is: 'entry' }, 'How each is compared.', '`=`, or `in` of a single field'),
      values: may(listOf({ is: 'entry' }, most.rows, 0), 'A value, or a row of them, each.'),
    },
  },
  most.entries,
  0,
)

/** Most that a user may give to a factor: more than all levels of severity. */
export const factorWeightMost = 50

/** What changes the severity of alerts by what is known of their pods. */
const context = listOf(
  {
    is: 'object',
    members: {
      when: must(condition, 'A condition on facts of the graph, in the same language.'),
      effect: must(text({ oneOf: contextEffects }), 'What becomes of an alert of which it holds.'),
      by: may(number(1, factorWeightMost), 'Of raise and lower: 10 is one level.', '10'),
      reason: must(text({ most: 1024 }), 'Why, for whoever reads the alert.'),
    },
  },
  most.entries,
  0,
)

const rule: ValueShape = {
  is: 'object',
  members: {
    name: must(text(), 'What alerts are called.'),
    description: may(text({ least: 0, most: 4096 }), 'What it means, for people.'),
    condition: must(condition, "In Falco's language; macros and lists of rule files can be used."),
    output: must(text({ most: 16_384 }), 'What an alert says: text with `%field`.'),
    severity: may(severity, 'How urgent it is.', "the policy's"),
    tags: may(tags, 'Such as ids of ATT&CK: `T1059.004`.'),
    exceptions: may(exceptions, "Falco's exceptions: on what it does not match."),
    context: may(context, 'That of the policy, for the alerts of this rule alone.'),
  },
}

const spec: ObjectShape = {
  is: 'object',
  members: {
    description: may(text({ least: 0, most: 4096 }), 'What it is for, for people.'),
    mode: {
      shape: text({ oneOf: policyModes }),
      required: false,
      meaning: 'audit: alerts. enforce: acts as audit until enforcement is there.',
      unset: 'audit',
      filled: 'audit',
    },
    severity: may(severity, 'Of its rules that do not say, and of those it applies to.', 'Warning'),
    tags: may(tags, 'Added to those of each of its rules.'),
    scope: may(scope, 'Where it holds: all that is given must. Without it: everywhere.'),
    exceptions: may(exceptions, 'Of all its rules.'),
    rules: may(listOf(rule, most.rules), 'Rules of its own.'),
    applyTo: may(
      {
        is: 'object',
        members: {
          rules: may(listOf(text(), most.entries), 'By their names.'),
          tags: may(listOf(text(), most.entries), 'All that have one of these tags.'),
        },
        someOf: ['rules', 'tags'],
      },
      'Rules of rule files that hold in this scope, and no longer everywhere.',
    ),
    context: may(context, 'What raises, lowers or suppresses its alerts by what their pods are.'),
  },
  someOf: ['rules', 'applyTo'],
}

/** `spec` of a RuntimePolicy. */
export const policySpec: ObjectShape = spec

/** What an API server keeps beside the name, and no reader looks at. */
const ofServer = [
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'labels',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
]

/** A whole object, as a file has it. */
export const objectOf = (kind: string, specShape: ObjectShape): ObjectShape => ({
  is: 'object',
  members: {
    apiVersion: must(text({ oneOf: [policyApiVersion] }), 'The version of this form.'),
    kind: must(text({ oneOf: [kind] }), 'What it is.'),
    metadata: must(
      {
        is: 'object',
        members: {
          name: must(
            text({
              most: objectNameMax,
              pattern: new RegExp(`^${domain}$`),
              what: 'a name: lower case letters, digits, `-`, `.`',
            }),
            'Alerts name it.',
          ),
          ...Object.fromEntries(
            ofServer.map((key) => [key, may({ is: 'anything' }, 'Nobody here reads it.')]),
          ),
        },
      },
      'Its name.',
    ),
    spec: must(specShape, 'What it asks for.'),
    status: may({ is: 'anything' }, 'What the cluster says of it.'),
  },
})

/** A RuntimePolicy. */
export const policyObject: ObjectShape = objectOf(policyKind, spec)
