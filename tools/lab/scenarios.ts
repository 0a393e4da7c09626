/**
 * Reads scenario files (rules/scenarios/README.md says what the words mean). Never throws: what is
 * wrong with a file comes back as faults, each with its place, and then no scenario is returned.
 */
import { parse } from 'yaml'
import type { Act, Conversation, Effect, ExpectedAlert, Scenario, Step } from './scenario.ts'
import type { ContainerOptions } from './spec.ts'

export type ReadScenarios = {
  readonly scenarios: readonly Scenario[]
  readonly faults: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

/** Reads the text of a scenario file. */
export function readScenarios(text: string): ReadScenarios {
  const reader = new Reader()
  const scenarios = reader.list(parseYaml(text, reader), 'scenarios', readScenario)
  const seen = new Set<string>()
  for (const { name } of scenarios) {
    if (seen.has(name)) reader.faults.push(`${name}: this name is taken`)
    seen.add(name)
  }
  return { scenarios: reader.faults.length === 0 ? scenarios : [], faults: reader.faults }
}

function parseYaml(text: string, reader: Reader): unknown {
  try {
    return parse(text)
  } catch (error) {
    reader.faults.push(error instanceof Error ? error.message : String(error))
    return []
  }
}

function readScenario(reader: Reader, value: unknown, place: string): Scenario {
  const all = reader.fields(value, place, scenarioKeys)
  const name = reader.text(all['scenario'], `${place}.scenario`)
  const at = name === '' ? place : name
  const shared = readContainer(reader, all['container'] ?? {}, `${at}.container`)
  return {
    name,
    rule: reader.text(all['rule'], `${at}.rule`),
    attack: readAct(reader, all['attack'], `${at}.attack`, shared),
    twin: readAct(reader, all['twin'], `${at}.twin`, shared),
    alert: readAlert(reader, all['alert'], `${at}.alert`),
  }
}

const scenarioKeys = ['scenario', 'rule', 'container', 'attack', 'twin', 'alert']

/** An act that names no container of its own gets the scenario's. */
function readAct(reader: Reader, value: unknown, at: string, shared: ContainerOptions): Act {
  const all = reader.fields(value, at, ['does', 'container', 'steps'])
  const own = all['container']
  return {
    does: reader.text(all['does'], `${at}.does`),
    container: own === undefined ? shared : readContainer(reader, own, `${at}.container`),
    steps: reader.list(all['steps'], `${at}.steps`, readStep),
  }
}

function readStep(reader: Reader, value: unknown, at: string): Step {
  const all = reader.fields(value, at, stepKeys)
  for (const kind of ['listen', 'call'] as const) {
    if (all[kind] !== undefined) return { kind, ...readConversation(reader, all, kind, at) }
  }
  const effect = readEffect(reader, all, at)
  if (all['host'] !== undefined) {
    return { kind: 'host', argv: reader.texts(all['host'], `${at}.host`), ...effect }
  }
  if (all['entrypoint'] !== undefined) {
    if (all['entrypoint'] !== 'ends') reader.faults.push(`${at}.entrypoint: expected \`ends\``)
    return { kind: 'entrypoint', ...effect }
  }
  return {
    kind: 'exec',
    argv: reader.texts(all['exec'], `${at}.exec`),
    ...effect,
    ...optional('user', reader.optionalText(all['user'], `${at}.user`)),
    ...optional('cwd', reader.optionalText(all['cwd'], `${at}.cwd`)),
    ...optional('stdin', reader.optionalText(all['stdin'], `${at}.stdin`)),
    ...optional('tty', reader.optionalFlag(all['tty'], `${at}.tty`)),
  }
}

function readConversation(reader: Reader, all: Fields, kind: string, at: string): Conversation {
  const where = reader.text(all[kind], `${at}.${kind}`)
  const [, address = '', port = ''] = /^([\d.]+) (\d+)$/.exec(where) ?? []
  if (where !== '' && address === '')
    reader.faults.push(`${at}.${kind}: expected an address and a port`)
  return {
    address,
    port: Number(port),
    text: reader.optionalText(all['sends'], `${at}.sends`) ?? '',
    ...optional('receives', reader.optionalText(all['receives'], `${at}.receives`)),
  }
}

const effectKeys = ['code', 'prints']
const execKeys = ['exec', 'user', 'cwd', 'stdin', 'tty']
const stepKeys = [
  ...effectKeys,
  ...execKeys,
  'host',
  'entrypoint',
  'listen',
  'call',
  'sends',
  'receives',
]

function readEffect(reader: Reader, all: Fields, at: string): Effect {
  const code = all['code'] ?? 0
  if (typeof code !== 'number') reader.faults.push(`${at}.code: expected a number`)
  return {
    code: Number(code),
    ...optional('prints', reader.optionalText(all['prints'], `${at}.prints`)),
  }
}

function readAlert(reader: Reader, value: unknown, at: string): ExpectedAlert {
  const all = reader.fields(value, at, ['priority', 'process', 'words'])
  return {
    priority: reader.text(all['priority'], `${at}.priority`),
    ...optional('process', reader.optionalText(all['process'], `${at}.process`)),
    words: reader.texts(all['words'], `${at}.words`),
  }
}

function readContainer(reader: Reader, value: unknown, at: string): ContainerOptions {
  const all = reader.fields(value, at, containerKeys)
  const text = (key: string): string | undefined => reader.optionalText(all[key], `${at}.${key}`)
  const texts = (key: string): string[] | undefined =>
    all[key] === undefined ? undefined : reader.texts(all[key], `${at}.${key}`)
  const map = (key: string): Record<string, string> | undefined =>
    all[key] === undefined ? undefined : reader.textMap(all[key], `${at}.${key}`)
  const flag = (key: string): boolean | undefined => reader.optionalFlag(all[key], `${at}.${key}`)
  return {
    ...optional('command', texts('command')),
    ...optional('env', map('env')),
    ...optional('user', text('user')),
    ...optional('tty', flag('tty')),
    ...optional('image', text('image')),
    ...optional('name', text('name')),
    ...optional('namespace', text('namespace')),
    ...optional('capabilities', texts('capabilities')),
    ...optional('privileged', flag('privileged')),
    ...optional('addresses', texts('addresses')),
    ...optional('files', map('files')),
    ...optional('programs', texts('programs')),
    ...optional('memoryMounts', texts('memoryMounts')),
  }
}

const containerKeys = [
  'command',
  'env',
  'user',
  'tty',
  'image',
  'name',
  'namespace',
  'capabilities',
  'privileged',
  'addresses',
  'files',
  'programs',
  'memoryMounts',
]

/** `{ key: value }`, or nothing when there is no value: absent and undefined are not the same. */
function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: V })
}

/** Turns parsed YAML into types, noting every fault with its place. */
class Reader {
  readonly faults: string[] = []

  fields(value: unknown, at: string, known: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.faults.push(`${at}: expected fields`)
      return {}
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.faults.push(`${at}.${key}: expected ${known.join(', ')}`)
    }
    return value as Fields
  }

  list<T>(value: unknown, at: string, read: (r: Reader, v: unknown, at: string) => T): T[] {
    if (Array.isArray(value)) return value.map((item, i) => read(this, item, `${at}[${i}]`))
    this.faults.push(`${at}: expected a list`)
    return []
  }

  text(value: unknown, at: string): string {
    if (typeof value === 'string') return value
    this.faults.push(`${at}: expected text${value === undefined ? ', found nothing' : ''}`)
    return ''
  }

  optionalText(value: unknown, at: string): string | undefined {
    return value === undefined ? undefined : this.text(value, at)
  }

  optionalFlag(value: unknown, at: string): boolean | undefined {
    if (value === undefined || typeof value === 'boolean') return value
    this.faults.push(`${at}: expected true or false`)
    return undefined
  }

  texts(value: unknown, at: string): string[] {
    return this.list(value, at, (reader, item, place) => reader.text(item, place))
  }

  textMap(value: unknown, at: string): Record<string, string> {
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : []
    const fields = this.fields(value, at, keys)
    return Object.fromEntries(
      Object.entries(fields).map(([key, item]) => [key, this.text(item, `${at}.${key}`)]),
    )
  }
}
