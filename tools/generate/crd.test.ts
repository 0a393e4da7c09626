/**
 * The custom resource definition: a structural schema that takes the examples, and that agrees with
 * the reader of files on what is a policy.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import * as fc from 'fast-check'
import { parseAllDocuments } from 'yaml'
import type { ObjectShape, ValueShape } from '@bulwark/schema'
import {
  policyApiVersion,
  policyKind,
  policySpec,
  severityPolicyKind,
  severitySpec,
} from '@bulwark/schema'
import { readPolicies } from '@bulwark/policy'
import { customResources, schemaOf } from './crd.ts'
import { structuralFaults, validationFaults } from '../lab/api-server/index.ts'

const root = join(import.meta.dirname, '../..')
const examples = join(root, 'docs/examples')

const documentsOf = (path: string): readonly unknown[] =>
  parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [], path)
    return document.toJS() as unknown
  })

interface Definition {
  readonly spec: {
    readonly names: Readonly<Record<string, string>>
    readonly group: string
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: never } }]
  }
  readonly metadata: { readonly name: string }
}

const kinds = [
  { kind: policyKind, spec: policySpec },
  { kind: severityPolicyKind, spec: severitySpec },
]

for (const [index, { kind, spec }] of kinds.entries()) {
  const [written] = documentsOf(join(root, customResources[index]?.path ?? '')) as Definition[]
  test(`the definition of ${kind} names itself as an API server wants it, and is structural`, () => {
    assert.ok(written)
    const { names, group, versions } = written.spec
    assert.equal(names['kind'], kind)
    assert.equal(written.metadata.name, `${names['plural']}.${group}`)
    assert.deepEqual(structuralFaults(schemaOf(spec)), [])
    assert.deepEqual(structuralFaults(versions[0].schema.openAPIV3Schema), [])
  })
}

test('what is not structural is seen', () => {
  assert.deepEqual(structuralFaults({ properties: {} }), ['(root): has no type'])
  const both = { type: 'object', properties: {}, additionalProperties: { type: 'string' } }
  assert.equal(structuralFaults(both).length, 1)
  const junction = { type: 'object', anyOf: [{ properties: { a: { type: 'string' } } }] }
  assert.deepEqual(structuralFaults(junction), ['.anyOf.a: not in the structural part'])
})

/** Files of policies, of this kind alone. */
const isOfPolicies = (name: string): boolean =>
  readFileSync(join(examples, name), 'utf8').includes(`kind: ${policyKind}\n`)

for (const name of readdirSync(examples).filter(isOfPolicies)) {
  test(`${name} is taken by both`, () => {
    const path = join(examples, name)
    for (const object of documentsOf(path) as readonly { readonly spec: unknown }[]) {
      assert.deepEqual(validationFaults(schemaOf(policySpec), object.spec), [])
    }
    for (const policy of readPolicies(path, readFileSync(path, 'utf8'))) {
      assert.deepEqual(policy.found, [])
    }
  })
}

test('severity.yaml is taken by the schema', () => {
  for (const object of documentsOf(join(examples, 'severity.yaml'))) {
    const { spec } = object as { readonly spec: unknown }
    assert.deepEqual(validationFaults(schemaOf(severitySpec), spec), [])
  }
})

// --- The reader and the schema agree ------------------------------------------------------------

const anyText = fc.constantFrom(
  '',
  'a',
  'a-b',
  '-a',
  'a b',
  'In',
  'Exists',
  'audit',
  'x'.repeat(300),
)

/** Values of a shape, or nearly. */
const nearly = (shape: ValueShape, depth: number): fc.Arbitrary<unknown> => {
  // An API server takes anything here; the reader does not.
  if (shape.is === 'entry') return rightly(shape, depth)
  const odd = fc.oneof(anyText, fc.constant([]), fc.constant({}), fc.constant(['a']))
  return fc.oneof({ weight: 150, arbitrary: rightly(shape, depth) }, { weight: 1, arbitrary: odd })
}

const rightly = (shape: ValueShape, depth: number): fc.Arbitrary<unknown> => {
  switch (shape.is) {
    case 'anything':
      return fc.constant('a')
    case 'entry':
      return fc.constantFrom('proc.name', ['proc.name'])
    case 'text': {
      const { oneOf, what = '' } = shape
      const right = oneOf ?? (what.startsWith('`sha256') ? [`sha256:${'0'.repeat(64)}`] : ['ab'])
      return fc.oneof({ weight: 80, arbitrary: fc.constantFrom(...right) }, anyText)
    }
    case 'number':
      return fc.oneof(
        { weight: 80, arbitrary: fc.integer({ min: shape.least, max: shape.most }) },
        fc.constantFrom(shape.least - 1, shape.most + 1, shape.least + 0.5),
      )
    case 'list':
      return fc.array(nearly(shape.of, depth + 1), { minLength: shape.least, maxLength: 2 })
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'b.c/d'), nearly(shape.of, depth + 1))
    case 'object':
      return objectOf(shape, depth)
  }
}

const objectOf = (
  { members, someOf, cases }: ObjectShape,
  depth: number,
): fc.Arbitrary<unknown> => {
  const must = Object.keys(members).filter(
    (name) => members[name]?.required === true || name === someOf?.[0],
  )
  const known = Object.entries(members).map(([name, { shape }]) => [name, nearly(shape, depth + 1)])
  const model = Object.fromEntries(known) as Record<string, fc.Arbitrary<unknown>>
  const right = fc.record(model, { requiredKeys: must })
  const operators = cases?.flatMap(({ values }) => values) ?? []
  if (operators.length === 0) return fc.oneof({ weight: 40, arbitrary: right }, fc.record(model))
  return right
}

const readerTakes = (spec: unknown): boolean => {
  const object = { apiVersion: policyApiVersion, kind: policyKind, metadata: { name: 'p' }, spec }
  const [read] = readPolicies('p.json', JSON.stringify(object))
  // What Falco's reader says of exceptions, and names that are there twice, no schema can say.
  const faults = read?.found.filter(
    ({ severity, code }) => severity === 'error' && code.startsWith('policy-'),
  )
  return faults?.every(({ code }) => code === 'policy-repeated-rule') === true
}

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 3000)

type Schema = ReturnType<typeof schemaOf>

/** The same for who knows nothing of API servers: keys that a schema does not have are a fault. */
const strictly = (schema: Schema): Schema => {
  const strict = (of: unknown): Schema => strictly(of as Schema)
  const made: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith('x-kubernetes-')) continue
    const isSchema = key === 'items' || key === 'additionalProperties'
    made[key] = isSchema ? strict(value) : value
  }
  const { properties } = schema
  if (properties === undefined) return made as Schema
  const all: Record<string, Schema> = {}
  for (const [name, each] of Object.entries(properties as Schema)) all[name] = strict(each)
  return { ...(made as Schema), properties: all, additionalProperties: false }
}

test('the reader, the schema, and a stranger who reads the schema agree', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const schema = schemaOf(policySpec)
  const strangerTakes = new Ajv({ strictRequired: false, strictTypes: false }).compile(
    strictly(schema),
  )
  const seen = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(nearly(policySpec, 0), (spec) => {
      const faults = validationFaults(schema, spec)
      const takes = readerTakes(spec)
      seen[takes ? 'taken' : 'refused']++
      const shown = JSON.stringify(spec)
      assert.equal(takes, faults.length === 0, `${shown}: ${faults.join()}`)
      assert.equal(strangerTakes(spec), takes, `${shown}: ${JSON.stringify(strangerTakes.errors)}`)
    }),
    { seed, numRuns },
  )
  context.diagnostic(`${seen.taken} policies taken, ${seen.refused} refused`)
  assert.ok(seen.taken > seen.refused / 20 && seen.refused > seen.taken / 20, JSON.stringify(seen))
})
