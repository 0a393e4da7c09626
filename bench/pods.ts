/**
 * What it costs to know the pods of a full node: memory and processor time of the agent with 250
 * pods of which ten change each second, beside the same agent without an API server, and beside a
 * program that reads the same stream and throws it away; and how long a changed label takes from
 * the API server to the agent. The API server is the lab's, over TLS, with objects of the size that
 * real ones have.
 *
 *   node bench/pods.ts [--quick] [--only latency|still|changes] [--rate CHANGES_A_SECOND]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PodSource } from '@bulwark/agent'
import type { Certificates, NewObject } from '@bulwark/tools'
import { ApiServer, kubeconfigText, makeCertificates } from '@bulwark/tools'
import { BareWatch } from './measure/bare-watch.ts'
import { printFigure, printSpread } from './measure/figures.ts'
import { stableRules } from './measure/official.ts'
import { Sensor } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
/** What follows a word of the command line. */
const given = (word: string): string | undefined => {
  const at = process.argv.indexOf(word)
  return at < 0 ? undefined : process.argv[at + 1]
}
const only = given('--only')
const rate = Number(given('--rate') ?? 10)
const podCount = 250
/** More in a millisecond come together. */
const changeMs = Math.max(1, 1_000 / rate)
const changesAtOnce = Math.max(1, Math.round(rate / 1_000))
const settleMs = quick ? 1_000 : 45_000
/** So many changes come before, quickly: an agent has seen them ten minutes after its start. V8 has
 * compiled by then what it compiles, and the first change of each pod was read as a whole. */
const earlierChanges = quick ? 500 : 6_000
const earlierMs = quick ? 2 : 10
/** As a real API server. */
const bookmarkMs = 60_000
const watchMs = quick ? 3_000 : 60_000
/** While pods change garbage comes to be, and is collected every ten minutes or so. */
const changesWatchMs = quick ? 3_000 : 600_000
const sampleMs = 1_000
const latencySamples = quick ? 20 : 300
const node = 'node-a'
const token = 'secret'

const container = (name: string): object => ({
  name,
  image: `registry.example/shop/${name}:3.1.4`,
  command: ['/bin/server', '--config', '/etc/server/config.yaml', '--listen', '0.0.0.0:8080'],
  env: Array.from({ length: 24 }, (_, i) => ({ name: `SETTING_${i}`, value: `value of ${i}` })),
  resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
  volumeMounts: ['config', 'data', 'token'].map((each) => ({ name: each, mountPath: `/${each}` })),
  terminationMessagePath: '/dev/termination-log',
  imagePullPolicy: 'IfNotPresent',
})

/** What the kubelet last wrote of a pod. */
interface Written {
  /** Of the label `round`. */
  readonly round: number
  readonly restarts: number
  readonly isReady: boolean
  readonly second: number
}

const time = (second: number): string => new Date(second * 1000).toISOString()

/** Members in the order in which an API server writes them. */
const statusOf = (name: string, i: number, { restarts, isReady }: Written): object => {
  const id = (restart: number): string =>
    `containerd://${(i * 100_000 + restart).toString(16).padStart(64, '0')}`
  const ended = { exitCode: 1, reason: 'Error', startedAt: time(1), finishedAt: time(restarts) }
  return {
    name,
    state: { running: { startedAt: time(restarts) } },
    lastState: restarts === 0 ? {} : { terminated: { ...ended, containerID: id(restarts - 1) } },
    ready: isReady,
    restartCount: restarts,
    image: `registry.example/shop/${name}:3.1.4`,
    imageID: `registry.example/shop/${name}@sha256:${'ab'.repeat(32)}`,
    containerID: id(restarts),
    started: true,
  }
}

/** About 9 KB of JSON: a pod with two containers as a cluster has it. */
const podOf = (i: number, written: Written): NewObject => ({
  metadata: {
    name: `web-${i}-5d4f8c7b9-x2x4z`,
    generateName: `web-${i}-5d4f8c7b9-`,
    namespace: `team-${i % 20}`,
    uid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    labels: {
      'app.kubernetes.io/name': `web-${i}`,
      'app.kubernetes.io/instance': `web-${i}-production`,
      'app.kubernetes.io/part-of': 'shop',
      'pod-template-hash': '5d4f8c7b9',
      round: String(written.round),
    },
    annotations: {
      'checksum/config': 'cd'.repeat(32),
      'kubernetes.io/config.seen': 'x'.repeat(64),
    },
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `web-${i}-5d4f8c7b9`, controller: true },
    ],
    managedFields: Array.from({ length: 3 }, (_, at) => ({
      manager: ['kube-controller-manager', 'kubelet', 'multus'][at],
      operation: 'Update',
      time: time(written.second),
      fieldsV1: Object.fromEntries(Array.from({ length: 30 }, (__, j) => [`f:field-${j}`, {}])),
    })),
  },
  spec: {
    nodeName: node,
    serviceAccountName: `web-${i}`,
    containers: [container('app'), container('proxy')],
    initContainers: [container('setup')],
    tolerations: Array.from({ length: 4 }, (_, j) => ({ key: `key-${j}`, operator: 'Exists' })),
  },
  status: {
    phase: 'Running',
    podIP: `10.0.${i >> 8}.${i & 255}`,
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
      type,
      status: written.isReady ? 'True' : 'False',
      lastProbeTime: null,
      lastTransitionTime: time(written.second),
    })),
    containerStatuses: [statusOf('app', i, written), statusOf('proxy', i + 1000, written)],
  },
})

const atFirst: Written = { round: 0, restarts: 0, isReady: true, second: 0 }

const isRoot = process.getuid?.() === 0

/** What one agent takes: resident memory, on average and at the most, and processor time in a
 * while. */
interface Cost {
  readonly mib: number
  readonly mibMax: number
  readonly share: number
}

/** What was measured beside each other. Shares are percent of a core. */
interface Compared {
  readonly plain: Cost
  /** How much more the agent takes that knows the pods. */
  readonly more: Cost
  /** Of the program that throws the stream away. */
  readonly bareShare: number
}

interface Measured {
  processorSeconds(): number
}

/** The share of a core that each takes in a while, in which something is called each second. */
const sharesOf = async (
  all: readonly Measured[],
  ms: number,
  onSecond: () => void,
): Promise<readonly number[]> => {
  const before = all.map((each) => each.processorSeconds())
  const begin = performance.now()
  while (performance.now() - begin < ms) {
    await pause(sampleMs)
    onSecond()
  }
  const seconds = (performance.now() - begin) / 1e3
  return all.map((each, i) => (100 * (each.processorSeconds() - (before[i] ?? NaN))) / seconds)
}

/** How often objects were listed. */
const listsOf = ({ asked }: ApiServer): number =>
  asked.filter((request) => !request.includes('watch=true')).length

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length

/** Two agents beside each other, so that both see whatever else the machine does, and the program
 * that throws away what the second one reads. */
const compare = async (
  server: ApiServer,
  args: readonly string[],
  startBare: () => Promise<BareWatch>,
  ms: number,
  change?: (turn: number) => void,
): Promise<Compared> => {
  const base = ['--rules', stableRules]
  const first = await Sensor.start(base)
  const second = await Sensor.start([...base, ...args])
  const bare = await startBare()
  let turn = 0
  for (; change && turn < earlierChanges; change(turn++)) await pause(earlierMs)
  const timer = setInterval(() => {
    for (let i = 0; change && i < changesAtOnce; i++) change(turn++)
  }, changeMs)
  await pause(settleMs) // what the start left behind is given back
  const lists = listsOf(server)
  const plainMib: number[] = []
  const moreMib: number[] = []
  const [plain = NaN, share = NaN, bareShare = NaN] = await sharesOf(
    [first, second, bare],
    ms,
    () => {
      plainMib.push(first.memoryMib())
      moreMib.push(second.memoryMib())
    },
  )
  clearInterval(timer)
  if (listsOf(server) > lists) throw new Error('the agent listed again: it lost its watch')
  await bare.stop()
  await first.stop()
  await second.stop()
  const mib = meanOf(plainMib)
  return {
    plain: { mib, mibMax: Math.max(...plainMib), share: plain },
    more: {
      mib: meanOf(moreMib) - mib,
      mibMax: Math.max(...moreMib) - mib,
      share: share - plain,
    },
    bareShare,
  }
}

const report = (when: string, { plain, more, bareShare }: Compared): void => {
  const besides = (value: number, unit: string): string =>
    `beside ${value.toFixed(2)} ${unit} without an API server`
  const mib = Math.max(more.mib, 0)
  printFigure(`growth of memory, ${when}`, mib, 'MiB', besides(plain.mib, 'MiB'))
  printFigure(`at the most, for a second, ${when}`, Math.max(more.mibMax, 0), 'MiB')
  const percent = '% of a core'
  const share = Math.max(more.share, 0)
  printFigure(`more processor time, ${when}`, share, percent, besides(plain.share, percent))
  const what = 'of a program that throws the same stream away'
  printFigure(`processor time ${what}, ${when}`, bareShare, percent)
}

const measureCost = async (
  server: ApiServer,
  kubeconfig: string,
  authority: string,
): Promise<void> => {
  /** Of ten changes one is of a label, and one of containers that were started again; by the others
   * a pod becomes ready or is so no longer, as on a busy node. */
  const pods = Array.from({ length: podCount }, () => atFirst)
  const change = (turn: number): void => {
    const i = turn % podCount
    const before = pods[i] ?? atFirst
    const kind = turn % 10
    const now = {
      round: kind === 0 ? turn : before.round,
      restarts: before.restarts + (kind === 5 ? 1 : 0),
      isReady: kind === 0 || kind === 5 ? before.isReady : !before.isReady,
      second: turn,
    }
    pods[i] = now
    server.putPod(podOf(i, now))
  }
  const args = ['--kubeconfig', kubeconfig, '--node', node]
  const { url } = server
  const startBare = (): Promise<BareWatch> =>
    BareWatch.start({ url, node, authority, token, version: String(server.store.version) })
  const still = `${podCount} pods`
  if (only !== 'changes') {
    report(still, await compare(server, args, startBare, watchMs))
  }
  if (only === 'still') return
  const compared = await compare(server, args, startBare, changesWatchMs, change)
  report(`${still}, ${rate} changes a second`, compared)
}

const measureLatency = async (server: ApiServer, certificates: Certificates): Promise<void> => {
  let onTold = (): void => {}
  const source = new PodSource({
    access: {
      server: new URL(server.url),
      authorities: { text: certificates.authority },
      insecure: false,
      serverName: undefined,
      clientCert: undefined,
      clientKey: undefined,
      token: { text: token },
    },
    node,
    tell: ({ pods }) => {
      if (pods.length === 1) onTold()
    },
    count: () => {},
    log: () => {},
  })
  await source.untilListed()
  const took: number[] = []
  for (let i = 0; i < latencySamples; i++) {
    const begin = performance.now()
    const told = new Promise<void>((resolve) => (onTold = resolve))
    server.putPod(podOf(i % podCount, { ...atFirst, round: 1_000 + i }))
    await told
    took.push(performance.now() - begin)
  }
  source.stop()
  printSpread('a label that changed, from the API server to the agent', took, 'ms')
}

const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-pods-'))
const certificates = makeCertificates(folder, 'agent')
const tokens = new Map([[token, 'agent']])
const server = await ApiServer.start({ certificates, tokens, bookmarkMs })
try {
  for (let i = 0; i < 20; i++) server.putNamespace(`team-${i}`, { team: String(i), env: 'prod' })
  for (let i = 0; i < podCount; i++) server.putPod(podOf(i, atFirst))
  const kubeconfig = join(folder, 'kubeconfig')
  const user = { token }
  writeFileSync(kubeconfig, kubeconfigText(server.url, user, certificates.authority))
  const bytes = JSON.stringify(podOf(0, atFirst)).length
  console.log(`${podCount} pods of ${bytes} bytes each, over TLS`)
  if (only === undefined || only === 'latency') await measureLatency(server, certificates)
  if (only === 'latency') process.exitCode = 0
  else if (isRoot) await measureCost(server, kubeconfig, join(folder, 'ca.pem'))
  else console.log('memory and processor time: not measured, this is not root')
} finally {
  await server.stop()
  rmSync(folder, { recursive: true })
}
