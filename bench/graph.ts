/**
 * What the graph costs in a large cluster: 5,000 nodes, 100,000 pods, 10,000 service accounts,
 * 30,000 rules, 5,000 services, 2,000 network policies, 1,000 images with 200 vulnerabilities
 * each. Loading is from texts of JSON, as a list comes, through the readers, and with what is made
 * beforehand for questions; a text is made before the clock runs and let go afterwards. What takes
 * long is told in time of the processor; of what takes microseconds the 99th of 100 by the clock.
 *
 *   node --expose-gc bench/graph.ts [PODS] [--varied]
 *     --varied: policies tell every workload apart, and let in by namespaces and blocks, too
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  Cluster,
  CveStore,
  UsedFiles,
  blastRadius,
  findPaths,
  internet,
  isTarget,
  podContextOf,
  podNode,
  prepare,
  readCveJson,
  serviceAccountNode,
  useImageCves,
} from '@bulwark/graph'
import {
  bindingOf,
  clusterTexts,
  namespaceObject,
  nodeOf,
  podOf,
  policyOf,
  reportOf,
  reportTexts,
  roleOf,
  serviceOf,
  sizeOf,
  sliceOf,
} from './measure/cluster.ts'
import { percentile, printFigure } from './measure/figures.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const pods = Number(process.argv.slice(2).find((each) => !each.startsWith('-')) ?? 100_000)
const size = sizeOf(pods, process.argv.includes('--varied'))

/** Processor time of this thread: what else the machine does is not in it. */
const ms = (run: () => void): number => {
  const start = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1000
}

/**
 * The 99th of 100, each the quickest of three tries: what else runs takes the processor away for
 * longer than any of these takes.
 *
 * @param prepareOne  comes before each try, and is not in it
 */
const printMany = (
  what: string,
  indices: readonly number[],
  run: (index: number) => void,
  prepareOne: (index: number) => void = () => {},
): void => {
  const waits = indices.map(() => Infinity)
  const busy = ms(() => {
    for (let time = 0; time < 3; time++) {
      for (const [at, index] of indices.entries()) {
        prepareOne(index)
        const start = performance.now()
        run(index)
        waits[at] = Math.min(waits[at] ?? Infinity, performance.now() - start)
      }
    }
  })
  const mean = `mean of the processor ${((busy / indices.length / 3) * 1000).toFixed(0)} µs`
  printFigure(`graph: ${what}, p99`, percentile(waits, 0.99), 'ms', mean)
}

/** As they are asked for the first time: each once. */
const printFirst = (
  what: string,
  indices: readonly number[],
  run: (index: number) => void,
): void => {
  const waits = indices.map((index) => {
    const start = performance.now()
    run(index)
    return performance.now() - start
  })
  printFigure(`graph: ${what}, p99`, percentile(waits, 0.99), 'ms')
}

const cluster = new Cluster()
const cves = new CveStore()
useImageCves(cluster, cves)
const started = performance.now()
let loadMs = 0
let textBytes = 0
for (const text of clusterTexts(size)) {
  textBytes += text.length
  loadMs += ms(() => cluster.put(JSON.parse(text)))
}
collect()
const mib = (bytes: number): number => bytes / 1024 / 1024
const heapOfObjects = process.memoryUsage().heapUsed
let reports = 0
const images = Math.ceil(pods / 100)
const cvesEach = 200
let reportMs = 0
for (const text of reportTexts(images, cvesEach)) {
  textBytes += text.length
  reportMs += ms(() => cves.put(`report ${reports++}`, readCveJson('report', JSON.parse(text))))
}
const prepareMs = ms(() => prepare(cluster))
loadMs += reportMs + prepareMs
collect()
const { heapUsed, rss } = process.memoryUsage()
printFigure('graph: texts of objects', mib(textBytes), 'MiB')
const wall = `${((performance.now() - started) / 1000).toFixed(1)} s with the making of the texts`
printFigure('graph: load', loadMs, 'ms', wall)
printFigure(`graph: of it ${images} reports with ${cvesEach} vulnerabilities`, reportMs, 'ms')
printFigure('graph: of it what questions need', prepareMs, 'ms')
printFigure('graph: heap of objects', mib(heapOfObjects), 'MiB')
printFigure('graph: heap after load', mib(heapUsed), 'MiB')
printFigure('graph: resident after load', mib(rss), 'MiB')

/** A thousand pods, over the whole cluster. */
const some = Array.from({ length: 1000 }, (_, index) => Math.floor((index * pods) / 1000))

const nameOf = (index: number): { namespace: string; name: string } => {
  const { metadata } = podOf(size, index) as { metadata: { namespace: string; name: string } }
  return metadata
}

/** What an alert's pod is asked, as `run` asks it. */
const context = (index: number): void => {
  const question = { ...nameOf(index), container: 'app', executables: ['/bin/sh'] }
  podContextOf({ cluster, cves, used, hasReports: true }, question)
}
const used = new UsedFiles()
printFirst('context of a pod, first time', some, context)
printMany('context of a pod', some, context)

const admin = isTarget(cluster, { is: 'cluster-admin' })
const ask = (): void => {
  const { paths } = findPaths(cluster, [internet], admin, { onlyShortest: true, pathsMax: 1000 })
  if (asked++ === 0) printFigure('graph: shortest paths from the internet', paths.length, '')
}
let asked = 0
printFigure('graph: first question from the internet', ms(ask), 'ms')
printFigure('graph: internet to every right, all shortest', ms(ask), 'ms')

/** Pods of the services that have a load balancer. */
const exposed = Array.from({ length: pods }, (_, index) => index)
  .filter((index) => Math.floor(index / 20) % 50 === 0)
  .map((index) => podNode(nameOf(index).namespace, nameOf(index).name))
const askExposed = (): void => {
  findPaths(cluster, exposed, admin, { onlyShortest: true, pathsMax: 1000 })
}
const many = `graph: ${exposed.length} pods to every right, all shortest`
printFigure(`${many}, first time`, ms(askExposed), 'ms')
printFigure(many, ms(askExposed), 'ms')

const start = nameOf(5 * 20)
const fromPod = [podNode(start.namespace, start.name)]
const askPod = (): void => {
  findPaths(cluster, fromPod, admin, { onlyShortest: true, pathsMax: 1000 })
}
printFigure('graph: one pod to every right, all shortest', ms(askPod), 'ms')
const account = serviceAccountNode('ns-5', 'sa-5')
let radius = 0
printFigure(
  'graph: blast radius of every right',
  ms(() => {
    radius = blastRadius(cluster, account).reached.length
  }),
  'ms',
)
printFigure('graph: nodes in it', radius, '')

/** A kind of object that a watch tells of, as it is and as it becomes, by the place. */
interface Watched {
  readonly what: string
  readonly count: number
  readonly make: (index: number, revision: number) => unknown
}

const watched: readonly Watched[] = [
  { what: 'a pod', count: pods, make: (index, revision) => podOf(size, index, revision) },
  {
    what: 'a binding',
    count: size.rules / 3,
    make: (index, revision) => bindingOf(size, index, revision),
  },
  { what: 'a role', count: size.rules / 3, make: roleOf },
  { what: 'a service', count: size.services, make: serviceOf },
  {
    what: 'an endpoint slice',
    count: size.services,
    make: (index, revision) => sliceOf(size, index, revision),
  },
  {
    what: 'a network policy',
    count: size.policies,
    make: (index, revision) => policyOf(size, index, revision),
  },
  { what: 'labels of a namespace', count: 200, make: namespaceObject },
  { what: 'a node', count: size.nodes, make: nodeOf },
]

/** Each becomes another one, and another again. */
for (const { what, count, make } of watched) {
  const places = some.map((_, at) => Math.floor((at * count) / some.length))
  const texts = places.map((index) =>
    [0, 1].map((revision) => JSON.stringify(make(index, revision))),
  )
  const turns = texts.map(() => 0)
  const put = (at: number): void => {
    const turn = 1 - (turns[at] ?? 0)
    turns[at] = turn
    cluster.put(JSON.parse(texts[at]?.[turn] ?? ''))
  }
  const changes = Array.from(some.keys())
  printMany(`${what} changes, with parsing`, changes, put)
  const askContext = (at: number): void => context(some[at] ?? 0)
  printMany(`context of a pod after ${what} changed`, changes.slice(0, 300), askContext, put)
  for (const at of changes) if (turns[at] === 1) put(at)
}

const reportChanges = Array.from({ length: Math.min(300, images) }, (_, image) => image)
const reportsOf = reportChanges.map((image) =>
  [0, 1].map((revision) => JSON.stringify(reportOf(image, cvesEach, revision))),
)
const reportTurns = reportChanges.map(() => 0)
const putReport = (image: number): void => {
  const turn = 1 - (reportTurns[image] ?? 0)
  reportTurns[image] = turn
  const json: unknown = JSON.parse(reportsOf[image]?.[turn] ?? '')
  cves.put(`report ${image}`, readCveJson('report', json))
}
printMany('a report changes, with parsing', reportChanges, putReport)
const ofReport = (image: number): void => context(some[image] ?? 0)
printMany('context of a pod after a report changed', reportChanges, ofReport, putReport)
