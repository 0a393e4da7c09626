/** From the file and the flags to what a run works with: flags win, then the file. */
import type { BackendChoice, Folding, OutputSettings, RuleMatching } from '@bulwark/agent'
import { facilities } from '@bulwark/agent'
import type { OutputAppend, PriorityName } from '@bulwark/policy'
import { priorityNamed } from '@bulwark/policy'
import { catalogWith } from '../catalog.ts'
import { readAppends, readStaticFields } from './append.ts'
import type { Given } from './read.ts'
import type { ConfigFault, Place, Tree } from './tree.ts'

/** All that can be said of a run. */
export interface Settings {
  readonly rules: readonly string[]
  readonly policies: readonly string[]
  readonly priority: PriorityName
  readonly watchRules: boolean
  readonly matching: RuleMatching
  readonly folding: Folding
  readonly appendOutput: readonly OutputAppend[] | undefined
  readonly staticFields: ReadonlyMap<string, string>
  readonly hostname: string | undefined
  readonly outputs: OutputSettings
  readonly backend: BackendChoice
  readonly kernelFilter: boolean
  readonly ringMib: number | undefined
  readonly floodEventsPerSecond: number | undefined
  /** A socket; `false` for none. */
  readonly cri: string | false | undefined
  /** Of the API server; `in-cluster` for that of the pod. */
  readonly kubeconfig: string | undefined
  /** Where sound policies of its cluster are kept; `undefined`: nowhere. */
  readonly stateFolder: string | undefined
  readonly node: string | undefined
  /** Folder of dumps. */
  readonly podsFrom: string | undefined
  /** Folder of a cluster's objects, for the context of alerts. */
  readonly fromFiles: string | undefined
  /** Asks the API server of `kubeconfig` for the context of alerts. */
  readonly context: boolean
  /** Hears which files run, where alerts are judged in context. */
  readonly filesInUse: boolean
  /** Files about vulnerabilities, beside the cluster of `kubeconfig`. */
  readonly vulnerabilities: readonly string[]
  /** SeverityPolicies. */
  readonly severity: readonly string[]
  readonly record: string | undefined
  readonly sizeMib: number
  readonly orDemo: boolean
}

const mib = 1024 * 1024

export const usualStateFolder = '/var/lib/bulwark'

/** Takes values by name; each was checked against its option when it was read. */
class Values {
  readonly faults: ConfigFault[] = []
  readonly #values: ReadonlyMap<string, Given>

  constructor(values: ReadonlyMap<string, Given>) {
    this.#values = values
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name)?.value
    return typeof value === 'string' ? value : undefined
  }

  texts(name: string): readonly string[] {
    const value = this.#values.get(name)?.value
    return Array.isArray(value) ? (value as readonly string[]) : []
  }

  number(name: string, unset: number): number {
    const value = this.#values.get(name)?.value
    return typeof value === 'number' ? value : unset
  }

  switch(name: string, unset: boolean): boolean {
    const value = this.#values.get(name)?.value
    return typeof value === 'boolean' ? value : unset
  }

  tree(name: string): Tree | undefined {
    const value = this.#values.get(name)?.value
    return typeof value === 'object' && 'is' in value ? value : undefined
  }

  place(name: string): Place {
    return this.#values.get(name)?.place ?? { file: 'flags', line: 1, column: 1 }
  }

  fault(name: string, message: string, help: string): void {
    this.faults.push({ place: this.place(name), message, help })
  }
}

const httpOf = (values: Values): OutputSettings['http'] => {
  const url = values.text('http.url')
  if (url === undefined) return undefined
  const protocol = URL.parse(url)?.protocol
  if (protocol !== 'http:' && protocol !== 'https:') {
    const help = 'write one such as http://falcosidekick:2801/'
    values.fault('http.url', `${JSON.stringify(url)} is no http: or https: address`, help)
  }
  const [clientCert, clientKey] = [values.text('http.client_cert'), values.text('http.client_key')]
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    const [given, other] = clientCert === undefined ? ['key', 'cert'] : ['cert', 'key']
    const help = `give http.client_${other}, too, or neither`
    values.fault(`http.client_${given}`, `http.client_${given} stands alone`, help)
  }
  return {
    url,
    userAgent: values.text('http.user_agent') ?? 'bulwark',
    insecure: values.switch('http.insecure', false),
    caCert: values.text('http.ca_cert'),
    caBundle: values.text('http.ca_bundle'),
    caPath: values.text('http.ca_path'),
    clientCert,
    clientKey,
    compress: values.switch('http.compress', false),
    keepAlive: values.switch('http.keep_alive', true),
    timeoutMs: values.number('http.timeout_seconds', 10) * 1000,
  }
}

/** A token over a connection that others read is no secret any more. */
const isOfThisMachine = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')

const serverOf = (values: Values): OutputSettings['server'] => {
  const text = values.text('server')
  const tokenFile = values.text('server_token_file')
  const caFile = values.text('server_ca')
  if (text === undefined) {
    for (const name of ['server_token_file', 'server_ca']) {
      if (values.text(name) === undefined) continue
      values.fault(name, `\`${name}\` without \`server\``, 'give `server`, which opens the channel')
    }
    return undefined
  }
  const url = URL.parse(text)
  const help = 'write one such as https://bulwark-server.bulwark:7676'
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    values.fault('server', `${JSON.stringify(text)} is no http: or https: address`, help)
  } else if (url.protocol === 'http:' && tokenFile !== undefined && !isOfThisMachine(url)) {
    values.fault('server', 'a token would go to another machine in the clear', 'write https:')
  }
  return { url: text, tokenFile, caFile }
}

const fileOf = (values: Values): OutputSettings['file'] => {
  const path = values.text('file.path')
  return path === undefined
    ? undefined
    : {
        path,
        rotateBytes: values.number('file.rotate_mib', 100) * mib,
        keep: values.number('file.keep', 5),
      }
}

const programOf = (values: Values): OutputSettings['program'] => {
  const command = values.text('program.command')
  return command === undefined
    ? undefined
    : {
        command,
        keepAlive: values.switch('program.keep_alive', false),
        timeoutMs: values.number('program.timeout_seconds', 10) * 1000,
      }
}

const isFacility = (name: string): name is keyof typeof facilities => name in facilities

const syslogOf = (values: Values): OutputSettings['syslog'] => {
  if (!values.switch('syslog.enabled', false)) return undefined
  const facility = values.text('syslog.facility') ?? 'user'
  return {
    socket: values.text('syslog.socket') ?? '/dev/log',
    facility: isFacility(facility) ? facility : 'user',
  }
}

/** A channel whose main option is missing would be silent. */
const checkLonely = (values: Values, names: Iterable<string>): void => {
  const mains = { file: 'file.path', program: 'program.command', http: 'http.url' }
  for (const name of names) {
    const group = name.split('.')[0] ?? ''
    const main = mains[group as keyof typeof mains] as string | undefined
    if (main === undefined || values.text(main) !== undefined) continue
    values.fault(
      name,
      `\`${name}\` without \`${main}\``,
      `give \`${main}\`, which opens the channel`,
    )
  }
}

const outputsOf = (values: Values): OutputSettings => {
  const form = values.text('output')
  return {
    form: form === 'json' || form === 'text' ? form : undefined,
    alert: {
      isoTime: values.switch('alert.iso_time', false),
      includeOutput: values.switch('alert.include_output', true),
      includeMessage: values.switch('alert.include_message', false),
      includeOutputFields: values.switch('alert.include_output_fields', true),
      includeTags: values.switch('alert.include_tags', true),
      includeBulwark: values.switch('alert.include_bulwark', true),
    },
    queue: {
      alertsMax: values.number('queue.alerts', 10_000),
      bytesMax: values.number('queue.mib', 16) * mib,
    },
    flushMs: values.number('flush_seconds', 5) * 1000,
    stdout: values.switch('stdout.enabled', true),
    file: fileOf(values),
    syslog: syslogOf(values),
    program: programOf(values),
    http: httpOf(values),
    server: serverOf(values),
  }
}

/** Pods are known from one place. */
const checkPods = (values: Values): void => {
  const [kubeconfig, from] = [values.text('kubeconfig'), values.text('pods_from')]
  if (kubeconfig !== undefined && from !== undefined) {
    values.fault('pods_from', '`pods_from` beside `kubeconfig`', 'give one of the two')
  }
  const files = values.text('from_files')
  if (values.text('node') !== undefined && (kubeconfig ?? from ?? files) === undefined) {
    const help = 'give `kubeconfig`, `pods_from` or `from_files`, too'
    values.fault('node', '`node` alone says nothing', help)
  }
}

/** Alerts are judged in the context of something, and of one thing. */
const checkContext = (values: Values): void => {
  const files = values.text('from_files')
  const isLive = values.switch('context', false)
  if (isLive && values.text('kubeconfig') === undefined) {
    const help = 'give `kubeconfig`, too; or `from_files` instead'
    values.fault('context', '`context` asks nobody', help)
  }
  if (isLive && files !== undefined) {
    values.fault('from_files', '`from_files` beside `context`', 'give one of the two')
  }
  if (values.texts('vulnerabilities').length > 0 && !isLive) {
    const help = 'give `kubeconfig` and `context`, too; the folder of `from_files` may have them'
    values.fault('vulnerabilities', '`vulnerabilities` are of a cluster that is asked', help)
  }
  if (values.texts('severity').length > 0 && files === undefined && !isLive) {
    const help = 'give `from_files` or `context`, too: without them nothing is judged'
    values.fault('severity', '`severity` alone says nothing', help)
  }
}

const foldingOf = (values: Values): Folding => {
  const rules = values.text('fold.rules')
  const seconds = values.number('fold.seconds', 60)
  return { rules: rules === 'all' || rules === 'none' ? rules : 'said', seconds }
}

/** The settings that values mean, and what is wrong with them together. */
export const settingsOf = (
  given: ReadonlyMap<string, Given>,
): { readonly settings: Settings; readonly faults: readonly ConfigFault[] } => {
  const values = new Values(given)
  const staticTree = values.tree('static_fields')
  const statics = staticTree && readStaticFields(staticTree)
  const staticFields = statics?.fields ?? new Map<string, string>()
  const appendTree = values.tree('append_output')
  const appends = appendTree && readAppends(appendTree, catalogWith(staticFields))
  checkLonely(values, given.keys())
  checkPods(values)
  checkContext(values)
  const cri = given.get('cri')?.value
  const stateFolder = given.get('state_dir')?.value ?? usualStateFolder
  const backend = values.text('backend')
  const settings: Settings = {
    rules: values.texts('rules'),
    policies: values.texts('policy'),
    priority: priorityNamed(values.text('priority') ?? 'debug') ?? 'Debug',
    watchRules: values.switch('watch_rules', true),
    matching: values.text('rule_matching') === 'all' ? 'all' : 'first',
    folding: foldingOf(values),
    appendOutput: appends?.appends,
    staticFields,
    hostname: values.text('hostname'),
    outputs: outputsOf(values),
    backend: backend === 'security' || backend === 'tracepoint' ? backend : 'auto',
    kernelFilter: values.switch('kernel_filter', true),
    ringMib: given.has('ring_mib') ? values.number('ring_mib', 8) : undefined,
    floodEventsPerSecond: given.has('flood.events_per_second')
      ? values.number('flood.events_per_second', 0)
      : undefined,
    cri: cri === false || typeof cri === 'string' ? cri : undefined,
    kubeconfig: values.text('kubeconfig'),
    stateFolder: typeof stateFolder === 'string' ? stateFolder : undefined,
    node: values.text('node'),
    podsFrom: values.text('pods_from'),
    fromFiles: values.text('from_files'),
    context: values.switch('context', false),
    filesInUse: values.switch('files_in_use', true),
    vulnerabilities: values.texts('vulnerabilities'),
    severity: values.texts('severity'),
    record: values.text('record'),
    sizeMib: values.number('size_mib', 1024),
    orDemo: values.switch('or_demo', false),
  }
  const faults = [...(statics?.faults ?? []), ...(appends?.faults ?? []), ...values.faults]
  return { settings, faults }
}
