/**
 * Every option of `bulwark run`, as data: its name in `config.yaml`, its type, its meaning, and the
 * key of Falco's `falco.yaml` that it stands for. From it come the flags, the reader of the file,
 * its messages, and `docs/config.md`. Pure.
 */

/** What an option takes. */
export type OptionType =
  | { readonly is: 'switch' }
  | { readonly is: 'number'; readonly min: number; readonly max: number; readonly power?: boolean }
  /** `what` is the name of the value in a usage line, such as `file`. */
  | { readonly is: 'text'; readonly what: string }
  | { readonly is: 'choice'; readonly of: readonly string[]; readonly anyCase?: boolean }
  | { readonly is: 'texts'; readonly what: string }
  /** Has parts of its own; as a flag it is written in YAML. */
  | { readonly is: 'yaml'; readonly what: string }
  /** A text, or `false` for none. */
  | { readonly is: 'text-or-none'; readonly what: string }

/** One option. */
export interface OptionSpec {
  /** In the file; a dot stands for a map, as in `file.path`. */
  readonly name: string
  readonly type: OptionType
  /** What holds where it is not given, in words; empty where that is nothing. */
  readonly unset: string
  /** One sentence. */
  readonly meaning: string
  /** Keys of falco.yaml that it stands for. */
  readonly falco?: readonly string[]
  /** A letter that is a flag, too. */
  readonly letter?: string
  /** A change of the file holds after SIGHUP; else after a restart. */
  readonly reloads: boolean
  /** What of a command it is about: alerts in any of them, or a sensor that watches. */
  readonly about: 'alerts' | 'channels' | 'sensor'
}

const mib = 1024
const priorities = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'informational',
  'info',
  'debug',
] as const

const facilityNames =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'

const making =
  (about: OptionSpec['about'], reloads: boolean) =>
  (
    name: string,
    type: OptionType,
    unset: string,
    meaning: string,
    falco: readonly string[] = [],
  ): OptionSpec => ({ name, type, unset, meaning, falco, reloads, about })

const alertOption = making('alerts', true)
const fixedOption = making('alerts', false)
const channelOption = making('channels', true)
const sensorOption = making('sensor', false)
const aSwitch = { is: 'switch' } as const

const httpFile = (name: string, meaning: string, falco: readonly string[]): OptionSpec =>
  channelOption(`http.${name}`, { is: 'text', what: 'file' }, '', meaning, falco)

const alerts: readonly OptionSpec[] = [
  fixedOption(
    'rules',
    { is: 'texts', what: 'path' },
    "Bulwark's own",
    'rule files and folders, in this order',
    ['rules_files', 'rules_file'],
  ),
  fixedOption(
    'policy',
    { is: 'texts', what: 'path' },
    '',
    'RuntimePolicies, files and folders of them: docs/policies.md',
  ),
  alertOption(
    'priority',
    { is: 'choice', of: priorities, anyCase: true },
    'debug',
    'the least urgent priority that runs',
    ['priority'],
  ),
  fixedOption(
    'rule_matching',
    { is: 'choice', of: ['first', 'all'] },
    'first',
    'which rules of an event alert',
    ['rule_matching'],
  ),
  fixedOption(
    'fold.rules',
    { is: 'choice', of: ['said', 'all', 'none'] },
    'said',
    'whose equal alerts become one: rules that say `fold: true`, all but those that say ' +
      '`fold: false`, or none: docs/config.md',
  ),
  fixedOption(
    'fold.seconds',
    { is: 'number', min: 1, max: 86_400 },
    '60',
    'what is equal to an alert and comes so soon after it is told in one more',
  ),
  fixedOption(
    'from_files',
    { is: 'text', what: 'folder' },
    '',
    'judge alerts in the context of their pods: of the cluster that is in these files, from ' +
      '`kubectl get KINDS -A -o json`; also take pods from there: docs/severity.md',
  ),
  fixedOption(
    'severity',
    { is: 'texts', what: 'file' },
    '',
    'SeverityPolicies, which change how alerts are judged: docs/severity.md',
  ),
  {
    ...alertOption(
      'output',
      { is: 'choice', of: ['json', 'text'] },
      'text on a terminal, else json',
      'the form of an alert',
      ['json_output'],
    ),
    letter: 'o',
  },
  alertOption('alert.iso_time', aSwitch, 'no', 'times in the text are ISO 8601, in UTC', [
    'time_format_iso_8601',
  ]),
  alertOption('alert.include_output', aSwitch, 'yes', 'JSON has `output`', [
    'json_include_output_property',
  ]),
  alertOption(
    'alert.include_message',
    aSwitch,
    'no',
    'JSON has `message`: the output without time and priority',
    ['json_include_message_property'],
  ),
  alertOption('alert.include_output_fields', aSwitch, 'yes', 'JSON has `output_fields`', [
    'json_include_output_fields_property',
  ]),
  alertOption('alert.include_tags', aSwitch, 'yes', 'JSON has `tags`', [
    'json_include_tags_property',
  ]),
  alertOption(
    'alert.include_bulwark',
    aSwitch,
    'yes',
    'JSON has `uuid` and `bulwark`, which Falco does not have',
  ),
  fixedOption(
    'append_output',
    { is: 'yaml', what: 'list' },
    '[{suggested_output: true}]',
    'what is added to the outputs and fields of which rules: docs/config.md',
    ['append_output'],
  ),
  fixedOption(
    'static_fields',
    { is: 'yaml', what: 'map' },
    '',
    'values that rules and outputs can use as `static.NAME`',
    ['static_fields'],
  ),
]

const channels: readonly OptionSpec[] = [
  channelOption('stdout.enabled', aSwitch, 'yes', 'a line an alert on standard output', [
    'stdout_output.enabled',
  ]),
  channelOption(
    'file.path',
    { is: 'text', what: 'file' },
    '',
    'a line an alert at the end of this file',
    ['file_output.filename', 'file_output.enabled'],
  ),
  channelOption(
    'file.rotate_mib',
    { is: 'number', min: 0, max: 1024 * mib },
    '100',
    'a file of that size is moved to FILE.1, that one to FILE.2, and so on; 0: never',
  ),
  channelOption('file.keep', { is: 'number', min: 1, max: 1000 }, '5', 'moved files that are kept'),
  channelOption('syslog.enabled', aSwitch, 'no', 'a message an alert to the log daemon', [
    'syslog_output.enabled',
  ]),
  channelOption('syslog.socket', { is: 'text', what: 'path' }, '/dev/log', "the daemon's socket"),
  channelOption(
    'syslog.facility',
    { is: 'choice', of: facilityNames.split(' ') },
    'user',
    'the facility; the level is the priority of the alert',
  ),
  channelOption(
    'program.command',
    { is: 'text', what: 'command' },
    '',
    'a shell command that gets each alert on its standard input',
    ['program_output.program', 'program_output.enabled'],
  ),
  channelOption(
    'program.keep_alive',
    aSwitch,
    'no',
    'it is started once, for all alerts, and not for each',
    ['program_output.keep_alive'],
  ),
  channelOption(
    'program.timeout_seconds',
    { is: 'number', min: 1, max: 3600 },
    '10',
    'it is ended when it takes longer',
    ['output_timeout'],
  ),
  channelOption(
    'http.url',
    { is: 'text', what: 'url' },
    '',
    'each alert is a POST to this http: or https: address',
    ['http_output.url', 'http_output.enabled'],
  ),
  channelOption('http.user_agent', { is: 'text', what: 'name' }, 'bulwark', 'the User-Agent', [
    'http_output.user_agent',
  ]),
  channelOption('http.insecure', aSwitch, 'no', "the server's certificate is not checked", [
    'http_output.insecure',
  ]),
  httpFile('ca_cert', 'certificates of the authorities to trust', ['http_output.ca_cert']),
  httpFile('ca_bundle', 'the same, where `http.ca_cert` is not given', ['http_output.ca_bundle']),
  channelOption(
    'http.ca_path',
    { is: 'text', what: 'folder' },
    "Node.js's own list",
    'a folder of such files (`.pem`, `.crt`, `.cer`), where neither is given',
    ['http_output.ca_path'],
  ),
  httpFile('client_cert', 'the certificate that says who this client is', [
    'http_output.client_cert',
    'http_output.mtls',
  ]),
  httpFile('client_key', 'its key', ['http_output.client_key']),
  channelOption('http.compress', aSwitch, 'no', 'bodies are gzipped', [
    'http_output.compress_uploads',
  ]),
  channelOption('http.keep_alive', aSwitch, 'yes', 'the connection is used again', [
    'http_output.keep_alive',
  ]),
  channelOption(
    'http.timeout_seconds',
    { is: 'number', min: 1, max: 600 },
    '10',
    'a POST that takes longer has failed, and is tried again',
  ),
  channelOption(
    'server',
    { is: 'text', what: 'url' },
    '',
    'alerts go to the `bulwark server` at this address, which judges them: docs/server.md',
  ),
  channelOption(
    'server_token_file',
    { is: 'text', what: 'file' },
    '',
    'the token that says to it who this agent is',
  ),
  channelOption(
    'server_ca',
    { is: 'text', what: 'file' },
    "Node.js's own list",
    'certificates of the authorities to trust for it',
  ),
  channelOption(
    'queue.alerts',
    { is: 'number', min: 1, max: 10_000_000 },
    '10000',
    'so many alerts may wait, for each channel; what comes on top is lost, counted and told',
    ['outputs_queue.capacity'],
  ),
  channelOption(
    'queue.mib',
    { is: 'number', min: 1, max: 64 * mib },
    '16',
    'so many MiB of them may wait, for each channel',
  ),
  channelOption(
    'flush_seconds',
    { is: 'number', min: 0, max: 3600 },
    '5',
    'how long channels may go on delivering when the agent stops',
  ),
]

const sensor: readonly OptionSpec[] = [
  sensorOption('watch_rules', aSwitch, 'yes', 'changes of rule files are taken while it runs', [
    'watch_config_files',
  ]),
  sensorOption(
    'hostname',
    { is: 'text', what: 'name' },
    "the machine's",
    'the name of this node in alerts, and in `evt.hostname`',
    ['FALCO_HOSTNAME (environment)'],
  ),
  sensorOption(
    'backend',
    { is: 'choice', of: ['auto', 'security', 'tracepoint'] },
    'auto',
    'the way to system calls: auto takes what this kernel offers',
    ['engine.kind'],
  ),
  sensorOption(
    'kernel_filter',
    aSwitch,
    'yes',
    'what no rule can match is dropped in the kernel; never while it records',
  ),
  sensorOption(
    'ring_mib',
    { is: 'number', min: 1, max: 512, power: true },
    '8',
    'room for events that wait, a power of two',
    ['engine.modern_ebpf.buf_size_preset'],
  ),
  sensorOption(
    'flood.events_per_second',
    { is: 'number', min: 0, max: 10_000_000 },
    '10000',
    'what a container may go on sending when less than a quarter of the ring is left: the rest ' +
      'is shed, counted and told; 0: nothing is',
  ),
  sensorOption(
    'cri',
    { is: 'text-or-none', what: 'socket' },
    'the usual ones',
    "the container runtime's CRI socket; `false`: ask no container runtime",
  ),
  sensorOption(
    'kubeconfig',
    { is: 'text', what: 'file' },
    '',
    'ask the API server of this kubeconfig for the pods of this node; `in-cluster`: with the ' +
      'service account of the pod that the agent runs in',
  ),
  sensorOption(
    'state_dir',
    { is: 'text-or-none', what: 'folder' },
    '/var/lib/bulwark',
    'where the sound policies of the cluster of kubeconfig are kept over a restart, readable by ' +
      'its owner alone; `false`: nowhere',
  ),
  sensorOption(
    'context',
    aSwitch,
    'no',
    'judge alerts in the context of their pods: of the cluster of kubeconfig, which must let all ' +
      'its objects be listed and watched: docs/server.md',
  ),
  sensorOption(
    'vulnerabilities',
    { is: 'texts', what: 'path' },
    '',
    'files or folders of what scanners and lists say of images, beside the reports of the ' +
      'cluster of kubeconfig, for the context of alerts; read again when they change: ' +
      'docs/vulnerabilities.md',
  ),
  sensorOption(
    'files_in_use',
    aSwitch,
    'yes',
    'where alerts are judged in context, here or by `server`: hear which files run in ' +
      'containers, and so which packages of their images are in use: docs/vulnerabilities.md',
  ),
  sensorOption(
    'node',
    { is: 'text', what: 'name' },
    "the machine's host name",
    "name of this machine's Node in Kubernetes; with pods_from: take the pods of that one alone",
  ),
  sensorOption(
    'pods_from',
    { is: 'text', what: 'folder' },
    '',
    'take pods from files in place of an API server: from `kubectl get pods,ns -A -o json`',
  ),
  sensorOption(
    'record',
    { is: 'text', what: 'file' },
    '',
    'also keep all events in a capture file, for `bulwark replay`',
  ),
  sensorOption(
    'size_mib',
    { is: 'number', min: 1, max: 1024 * mib },
    '1024',
    'the recording ends when the capture has so many',
  ),
  sensorOption(
    'or_demo',
    aSwitch,
    'no',
    'replay a recorded attack session where the sensor cannot load',
  ),
]

/** All options, in the order in which they are shown. */
export const options: readonly OptionSpec[] = [...alerts, ...channels, ...sensor]

/** The flag of an option: `--file-rotate-mib`. */
export const flagOf = ({ name }: OptionSpec): string => `--${name.replaceAll(/[._]/g, '-')}`

/** Whether it is told off with `--no-…`, too: what is on, or there, when nothing is said. */
export const isDenied = ({ type, unset }: OptionSpec): boolean =>
  type.is === 'text-or-none' || (type.is === 'switch' && unset === 'yes')

/** Keys of falco.yaml without an option of Bulwark's, and why. */
export const falcoOnly: readonly (readonly [key: string, why: string])[] = [
  ['config_files', 'one file; give another with `--config`'],
  ['rules', 'switch rules off in a rule file of your own, with `override: {enabled: replace}`'],
  ['engine', '`backend` and `ring_mib`; there is no kernel module'],
  ['capture', '`record` keeps all events; rules start no capture'],
  ['load_plugins', 'no plugins: container and Kubernetes fields are built in'],
  ['plugins', 'no plugins: container and Kubernetes fields are built in'],
  ['plugins_hostinfo', 'no plugins'],
  ['buffer_format_base64', 'data of buffers are text, as is the default there'],
  ['buffered_outputs', 'alerts that come together are written together'],
  ['json_output', '`output: json`'],
  ['rules_files', '`rules`'],
  ['stdout_output', '`stdout`'],
  ['file_output', '`file`; its `keep_alive` has no counterpart: the file stays open'],
  ['syslog_output', '`syslog`'],
  ['program_output', '`program`'],
  ['http_output', '`http`; `echo` has no counterpart, and `max_consecutive_timeouts` needs none'],
  ['outputs_queue', '`queue`'],
  ['webserver', '`bulwark server` has `/healthz`; an agent listens to nobody'],
  ['log_stderr', 'logs go to stderr, always'],
  ['log_syslog', 'logs go to stderr, always'],
  ['log_level', 'logs have no levels'],
  ['libs_logger', 'logs have no levels'],
  ['syscall_event_timeouts', 'nothing times out'],
  ['syscall_event_drops', 'lost events are always told, as alerts and in the log'],
  ['metrics', '`bulwark server` has `/metrics`; an agent has none yet'],
  ['base_syscalls', 'hooks are attached when a rule needs them'],
  ['falco_libs', 'bounds are fixed (agent/limits.ts)'],
]
