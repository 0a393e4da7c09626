/**
 * Writes what policies are: the custom resource definitions that an API server checks, and the
 * tables of all their keys.
 */
import type { FieldSpec, ObjectShape, ShapeMember, ValueShape } from '@bulwark/schema'
import {
  graphFields,
  policyGroup,
  policyKind,
  policyModes,
  policyPlural,
  policySpec,
  policyVersion,
  severityPolicyKind,
  severityPolicyPlural,
  severitySpec,
} from '@bulwark/schema'
import type { Plain } from './yaml.ts'
import { writeYaml } from './yaml.ts'

type Schema = Readonly<Record<string, Plain>>

/** What members ask of each other. In `oneOf` and `anyOf` of a structural schema stand no types. */
const together = ({ someOf, cases }: ObjectShape): Schema => ({
  ...(someOf ? { anyOf: someOf.map((name) => ({ required: [name] })) } : {}),
  ...(cases
    ? {
        oneOf: cases.map(({ member, values, list, hasItems }) => ({
          properties: {
            [member]: { enum: values },
            [list]: hasItems ? { minItems: 1 } : { maxItems: 0 },
          },
          ...(hasItems ? { required: [list] } : {}),
        })),
      }
    : {}),
})

const filledBy = ({ filled }: ShapeMember): Schema =>
  filled === undefined ? {} : { default: filled }

/** A structural schema of OpenAPI v3, as apiextensions.k8s.io/v1 wants it. */
export const schemaOf = (shape: ValueShape): Schema => {
  switch (shape.is) {
    case 'anything':
    case 'entry':
      return { 'x-kubernetes-preserve-unknown-fields': true }
    case 'text': {
      const { least, most, pattern, oneOf } = shape
      if (oneOf) return { type: 'string', enum: oneOf }
      return {
        type: 'string',
        ...(least > 0 ? { minLength: least } : {}),
        maxLength: most,
        ...(pattern ? { pattern: pattern.source } : {}),
      }
    }
    case 'number':
      return {
        type: shape.isWhole ? 'integer' : 'number',
        minimum: shape.least,
        maximum: shape.most,
      }
    case 'list':
      return {
        type: 'array',
        ...(shape.least > 0 ? { minItems: shape.least } : {}),
        maxItems: shape.most,
        items: schemaOf(shape.of),
        'x-kubernetes-list-type': 'atomic',
      }
    case 'map':
      return {
        type: 'object',
        maxProperties: shape.most,
        additionalProperties: schemaOf(shape.of),
      }
    case 'object': {
      const members = Object.entries(shape.members)
      const required = members.filter(([, member]) => member.required).map(([name]) => name)
      return {
        type: 'object',
        ...(required.length > 0 ? { required } : {}),
        properties: Object.fromEntries(
          members.map(([name, member]) => [
            name,
            { description: member.meaning, ...schemaOf(member.shape), ...filledBy(member) },
          ]),
        ),
        ...together(shape),
      }
    }
  }
}

const column = (name: string, jsonPath: string, type = 'string'): Plain => ({
  name,
  type,
  jsonPath,
})

/** Conditions as all of Kubernetes has them; each writer has its own, by type. */
const conditionsOf = (description: string): Plain => ({
  description,
  type: 'array',
  maxItems: 32,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    properties: {
      type: { type: 'string', minLength: 1, maxLength: 316 },
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: { type: 'string', minLength: 1, maxLength: 1024 },
      message: { type: 'string', maxLength: 32_768 },
      observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
      lastTransitionTime: { type: 'string', format: 'date-time' },
    },
  },
})

const observedGeneration: Plain = {
  description: 'The generation of the spec that the rest is about.',
  type: 'integer',
  format: 'int64',
}

const accepted = column('Accepted', '.status.conditions[?(@.type=="Accepted")].status')

/** What a definition is of. */
interface Custom {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly spec: ObjectShape
  readonly columns: readonly Plain[]
  readonly status: Plain
  /** The file of its description. */
  readonly source: string
}

const runtimePolicy: Custom = {
  kind: policyKind,
  plural: policyPlural,
  shortName: 'rpol',
  spec: policySpec,
  columns: [column('Mode', '.spec.mode'), column('Acts as', '.status.actsAs'), accepted],
  status: {
    type: 'object',
    properties: {
      observedGeneration,
      actsAs: {
        description: 'What a match leads to by now, whatever the mode asks for.',
        type: 'string',
        enum: policyModes,
      },
      message: {
        description: 'Why it acts as it does, or what is wrong with it.',
        type: 'string',
        maxLength: 32_768,
      },
      conditions: conditionsOf('Accepted: it holds. Enforced: a match is stopped.'),
    },
  },
  source: 'schema/runtime-policy.ts',
}

const severityPolicy: Custom = {
  kind: severityPolicyKind,
  plural: severityPolicyPlural,
  shortName: 'spol',
  spec: severitySpec,
  columns: [accepted],
  status: {
    type: 'object',
    properties: {
      observedGeneration,
      message: {
        description: 'What is wrong with it, if anything is.',
        type: 'string',
        maxLength: 32_768,
      },
      conditions: conditionsOf('Accepted: all of it holds.'),
    },
  },
  source: 'schema/severity-policy.ts',
}

const definition = ({ kind, plural, shortName, spec, columns, status }: Custom): Plain => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${policyGroup}` },
  spec: {
    group: policyGroup,
    // Who may write one decides what is seen of all namespaces.
    scope: 'Cluster',
    names: {
      kind,
      listKind: `${kind}List`,
      plural,
      singular: kind.toLowerCase(),
      shortNames: [shortName],
    },
    versions: [
      {
        name: policyVersion,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          ...columns,
          column('Age', '.metadata.creationTimestamp', 'date'),
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec: schemaOf(spec),
              status,
            },
          },
        },
      },
    ],
  },
})

/** The custom resource definitions: where each is, and its text. */
export const customResources = [runtimePolicy, severityPolicy].map((custom) => ({
  path: `deploy/crds/${policyGroup}_${custom.plural}.yaml`,
  text:
    `# Generated from ${custom.source} by tools/generate.ts. Do not edit.\n` +
    writeYaml(definition(custom)),
}))

const shapeWords = (shape: ValueShape): string => {
  switch (shape.is) {
    case 'anything':
      return 'anything'
    case 'entry':
      return 'text or list'
    case 'text':
      return shape.oneOf?.join(', ') ?? shape.what ?? 'text'
    case 'number':
      return `${shape.least} to ${shape.most}`
    case 'list':
      return shape.of.is === 'object' ? 'list of maps' : `list, each ${shapeWords(shape.of)}`
    case 'map':
      return shape.of.is === 'number' ? 'map of numbers' : 'map of texts'
    case 'object':
      return 'map'
  }
}

/** A line for a key, and for those in it. */
const rowsOf = (path: string, { shape, required, meaning, unset }: ShapeMember): string => {
  const fallback = required ? 'must be there' : (unset ?? '')
  const own = `| \`${path}\` | ${shapeWords(shape)} | ${fallback} | ${meaning} |`
  if (shape.is === 'object') return `${own}\n${rows(shape, `${path}.`)}`
  if (shape.is !== 'list' || shape.of.is !== 'object') return own
  return `${own}\n${rows(shape.of, `${path}[].`)}`
}

const rows = ({ members }: ObjectShape, above: string): string =>
  Object.entries(members)
    .map(([name, member]) => rowsOf(above + name, member))
    .join('\n')

const codes = (words: readonly string[] = []): string =>
  words.length === 0 ? '' : `: ${words.map((word) => `\`${word}\``).join(', ')}`

const factRow = ({ name, type, argument, values, meaning, absent }: FieldSpec): string => {
  const key = argument ? '[…]' : ''
  const words = codes(values ?? argument?.values)
  return `| \`${name}${key}\` | ${type} | ${meaning}${words} | ${absent} |`
}

const tableOf = (spec: ObjectShape): string =>
  `| key | value | when not said | meaning |
| --- | --- | --- | --- |
${rows(spec, 'spec.')}`

/** All keys of a SeverityPolicy but those of LabelSelectors, as a table. */
export const severityKeys = (): string =>
  tableOf(severitySpec)
    .split('\n')
    .filter((line) => !line.includes('.match'))
    .join('\n')

/** The text of docs/runtime-policy.md. */
export const writePolicyPage = (): string =>
  `<!-- Generated from schema/runtime-policy.ts by tools/generate.ts. Do not edit. -->

# Keys of a RuntimePolicy

What each part means, with examples, is in [policies.md](policies.md). \`[]\` stands for each item
of a list. Values are texts, read as they are written, but for numbers.

${tableOf(policySpec)}

## Facts of the graph

What \`when\` of \`context\` can ask for, beside \`k8s.ns.name\`,
\`k8s.ns.label[KEY]\`, \`k8s.pod.name\`, \`k8s.pod.label[KEY]\` and \`container.name\`.
What is not known is neither true nor false ([why](policies.md#what-is-not-known)).

| fact | type | value | not known |
| --- | --- | --- | --- |
${graphFields.map(factRow).join('\n')}
`
