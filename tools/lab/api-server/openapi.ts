/**
 * What an API server does with the schema of a custom resource, as far as ours uses it: the rules
 * of structural schemas, and the validation of objects. Every keyword that is not handled here is a
 * fault, so that nothing is taken for checked that is not.
 */
export type Schema = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const schemasIn = (value: unknown): readonly (readonly [string, Schema])[] =>
  isObject(value) ? Object.entries(value).map(([name, each]) => [name, each as Schema]) : []

const preserves = 'x-kubernetes-preserve-unknown-fields'
const junctions = ['anyOf', 'oneOf'] as const
/** What must stand in the structural part alone, and not in a junction. */
const structural = (
  `type description additionalProperties format default ${preserves} x-kubernetes-list-type ` +
  'x-kubernetes-list-map-keys'
).split(' ')
const bounds = (
  'enum minLength maxLength pattern minItems maxItems maxProperties required minimum ' + 'maximum'
).split(' ')
const known = new Set([...structural, ...bounds, ...junctions, 'properties', 'items'])

/** Each place where a schema is not structural, with the rule that it breaks. */
export const structuralFaults = (schema: Schema, path = ''): readonly string[] => {
  const faults: string[] = []
  const fault = (text: string): void => void faults.push(`${path || '(root)'}: ${text}`)
  for (const key of Object.keys(schema)) if (!known.has(key)) fault(`unknown keyword ${key}`)
  if (schema['type'] === undefined && schema[preserves] !== true) fault('has no type')
  if (schema['properties'] !== undefined && schema['additionalProperties'] !== undefined) {
    fault('has both properties and additionalProperties')
  }
  if (schema['type'] === 'array' && !isObject(schema['items'])) fault('an array without items')
  for (const junction of junctions) {
    for (const member of (schema[junction] as readonly Schema[] | undefined) ?? []) {
      faults.push(...junctionFaults(member, schema, `${path}.${junction}`))
    }
  }
  for (const [name, each] of schemasIn(schema['properties'])) {
    faults.push(...structuralFaults(each, `${path}.${name}`))
  }
  for (const key of ['items', 'additionalProperties']) {
    const inner = schema[key]
    if (isObject(inner)) faults.push(...structuralFaults(inner, `${path}.${key}`))
  }
  return faults
}

const junctionFaults = (member: Schema, of: Schema, path: string): readonly string[] => {
  const faults = structural
    .filter((key) => member[key] !== undefined)
    .map((key) => `${path}: ${key} in a junction`)
  for (const key of Object.keys(member)) {
    if (!known.has(key)) faults.push(`${path}: unknown keyword ${key}`)
  }
  const declared = new Map(schemasIn(of['properties']))
  for (const [name, each] of schemasIn(member['properties'])) {
    const own = declared.get(name)
    if (!own) faults.push(`${path}.${name}: not in the structural part`)
    else faults.push(...junctionFaults(each, own, `${path}.${name}`))
  }
  return faults
}

/** Whether an object has a member of its own of this name. */
const has = (value: Schema, name: string): boolean => Object.hasOwn(value, name)

/** A value without what its schema does not have, and with what it fills in: what is stored. */
export const stored = (schema: Schema, value: unknown): unknown => {
  if (schema[preserves] === true) return value
  const { items, additionalProperties: more } = schema
  if (Array.isArray(value)) {
    return isObject(items) ? value.map((each) => stored(items, each)) : value
  }
  if (!isObject(value)) return value
  const properties = new Map(schemasIn(schema['properties']))
  if (properties.size === 0 && !isObject(more)) return value
  const filled = [...properties].flatMap(([name, each]) =>
    each['default'] === undefined || has(value, name) ? [] : [[name, each['default']]],
  )
  const kept = Object.entries(value).flatMap(([name, each]) => {
    const inner = properties.get(name) ?? (isObject(more) ? more : undefined)
    return inner ? [[name, stored(inner, each)]] : []
  })
  return Object.fromEntries([...filled, ...kept]) as unknown
}

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}

/** Each fault of a value, unknown keys among them: as with `fieldValidation: Strict`. */
export const validationFaults = (schema: Schema, value: unknown, path = ''): readonly string[] => {
  const { type } = schema
  const isType = type === 'integer' ? Number.isInteger(value) : typeOf(value) === type
  if (typeof type === 'string' && !isType) return [`${path}: is no ${type}`]
  const faults = boundFaults(schema, value, path)
  if (Array.isArray(value) && isObject(schema['items'])) {
    for (const each of value) faults.push(...validationFaults(schema['items'], each, `${path}[]`))
  }
  if (isObject(value)) faults.push(...memberFaults(schema, value, path))
  const holds = (member: unknown): boolean =>
    validationFaults({ [preserves]: true, ...(member as Schema) }, value).length === 0
  const { anyOf, oneOf } = schema
  if (Array.isArray(anyOf) && !anyOf.some(holds)) faults.push(`${path}: none of anyOf`)
  if (Array.isArray(oneOf) && oneOf.filter(holds).length !== 1) faults.push(`${path}: not oneOf`)
  return faults
}

const memberFaults = (schema: Schema, value: Schema, path: string): readonly string[] => {
  const faults: string[] = []
  const properties = new Map(schemasIn(schema['properties']))
  const more = schema['additionalProperties']
  // An object without properties, such as metadata, is checked elsewhere.
  const isOpen = schema[preserves] === true || properties.size === 0
  for (const name of (schema['required'] as readonly string[] | undefined) ?? []) {
    if (!has(value, name)) faults.push(`${path}: lacks ${name}`)
  }
  for (const [name, each] of Object.entries(value)) {
    const inner = properties.get(name) ?? (isObject(more) ? more : undefined)
    if (inner) {
      // Of a junction, what it does not say of a member is said by the structural part.
      const open = schema[preserves] === true ? { [preserves]: true, ...inner } : inner
      faults.push(...validationFaults(open, each, `${path}.${name}`))
    } else if (!isOpen) faults.push(`${path}: unknown ${name}`)
  }
  const most = schema['maxProperties']
  if (typeof most === 'number' && Object.keys(value).length > most) faults.push(`${path}: too many`)
  return faults
}

const boundFaults = (schema: Schema, value: unknown, path: string): string[] => {
  const faults: string[] = []
  const among = schema['enum']
  if (Array.isArray(among) && !among.includes(value)) faults.push(`${path}: not of enum`)
  const between = (length: number, least: unknown, most: unknown): void => {
    if (typeof least === 'number' && length < least) faults.push(`${path}: under ${least}`)
    if (typeof most === 'number' && length > most) faults.push(`${path}: over ${most}`)
  }
  if (Array.isArray(value)) between(value.length, schema['minItems'], schema['maxItems'])
  if (typeof value === 'number') between(value, schema['minimum'], schema['maximum'])
  if (typeof value === 'string') {
    between(value.length, schema['minLength'], schema['maxLength'])
    const { pattern } = schema
    if (typeof pattern === 'string' && !new RegExp(pattern).test(value)) {
      faults.push(`${path}: not of pattern`)
    }
  }
  return faults
}
