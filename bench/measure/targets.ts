/**
 * What is to be reached, as data: one line a figure of the benchmarks, with the most that it may
 * be, or the least.
 * Those of the agent's processor time are a fiftieth of what the best engine in C++ takes for the
 * same loops on such a machine; the others are what people who run a node were promised.
 */
export interface Target {
  /** What the benchmark calls the figure. */
  readonly what: string
  /** The command that prints it. */
  readonly command: string
  readonly bound: 'most' | 'least'
  readonly value: number
  readonly unit: string
  /** What the same was called by earlier benchmarks. */
  readonly formerly?: string
}

const inFile =
  (file: string) =>
  (what: string, value: number, unit: string, formerly?: string): Target => ({
    what,
    command: `node bench/${file}`,
    bound: 'most',
    value,
    unit,
    ...(formerly !== undefined && { formerly }),
  })

const workloads = inFile('workloads.ts')
const latency = inFile('latency.ts')
const flood = inFile('flood.ts')
const kernelTime = inFile('kernel-time.ts')
const footprint = inFile('footprint.ts')
const ruleCount = inFile('rule-count.ts')
const pods = inFile('pods.ts')
const policies = inFile('policies.ts')
const graph = inFile('graph.ts')

const loops = [
  { what: 'open+read+close', slowdown: 1.15, agentNs: 62 },
  { what: 'fork+exec', slowdown: 1.05, agentNs: 2_200 },
  { what: 'TCP connect+accept+close', slowdown: 1.05, agentNs: 160 },
]

const cases = [
  { when: 'back to back', p50: 0.5, p99: 2 },
  { when: 'after 1000 ms of nothing', p50: 0.5, p99: 2, formerly: 'after 300 ms of nothing' },
  { when: 'with all cores busy', p50: 2, p99: 10 },
]

/** Formerly without the exec itself, and read by a slower reader. */
const callToAlert = (when: string, formerly: string, part: string, most: number): Target =>
  latency(
    `call of execve to alert line, ${when}, ${part}`,
    most,
    'ms',
    `exec to alert line, ${formerly}, ${part}`,
  )

/** Of what a watch of the cluster tells. */
const watched = [
  'a pod',
  'a binding',
  'a role',
  'a service',
  'an endpoint slice',
  'a network policy',
  'labels of a namespace',
  'a node',
  'a report',
]

export const targets: readonly Target[] = [
  ...loops.flatMap(({ what, slowdown, agentNs }) => [
    workloads(`${what}, slowdown`, slowdown, 'x'),
    workloads(`${what}, slowdown, two copies at once`, slowdown, 'x'),
    workloads(`${what}, processor time of the agent`, agentNs, 'ns a turn'),
    workloads(`${what}, events that no rule wants`, 0.1, '% of the system calls'),
    workloads(`${what}, two copies at once, events lost`, 0, 'events'),
  ]),
  ...cases.flatMap(({ when, p50, p99, formerly = when }) => [
    callToAlert(when, formerly, 'p50', p50),
    callToAlert(when, formerly, 'p99', p99),
    latency(`execs without an alert, ${when}`, 0, 'execs'),
  ]),
  { ...flood('flood, matching events', 495_000, 'events/s'), bound: 'least' },
  flood('flood, events lost', 0, 'events'),
  kernelTime('kernel time of an open that a filter drops, tracepoint backend', 400, 'ns'),
  footprint('start to "watching"', 0.7, 's'),
  footprint('memory after load (RSS)', 62, 'MiB', 'memory of the agent under load (RSS)'),
  footprint('processor time of the agent, idle', 0.2, '% of a core'),
  ruleCount('cost of an open with 2000 rules, kernel and agent', 3, 'x that with 50'),
  ruleCount('a change to 2000 rules', 3, 's'),
  pods('growth of memory, 250 pods, 10 changes a second', 15, 'MiB'),
  pods('more processor time, 250 pods, 10 changes a second', 0.2, '% of a core'),
  pods('a label that changed, from the API server to the agent, p99', 100, 'ms'),
  policies('an open in the kernel, 1000 policies in place of 10', 1, 'x'),
  graph('graph: load', 12_000, 'ms'),
  graph('graph: resident after load', 1_536, 'MiB'),
  graph('graph: context of a pod, first time, p99', 5, 'ms'),
  graph('graph: context of a pod, p99', 5, 'ms'),
  graph('graph: first question from the internet', 500, 'ms'),
  graph('graph: internet to every right, all shortest', 500, 'ms'),
  ...watched.flatMap((what) => [
    graph(`graph: ${what} changes, with parsing, p99`, 1, 'ms'),
    graph(`graph: context of a pod after ${what} changed, p99`, 5, 'ms'),
  ]),
]
