/**
 * What the graph costs in a large cluster: 5,000 nodes, 100,000 pods, 10,000 service accounts,
 * 30,000 rules, 5,000 services, 2,000 network policies, 1,000 images with 200 vulnerabilities
 * each. Loading is from texts of JSON, as a list
 * comes; a text is made before the clock runs and let go afterwards. What takes long is told
 * in time of the
 * processor; of what takes microseconds the 99th of 100 by the clock, and the mean of the
 * processor.
 *
 *   node --expose-gc bench/graph.ts [PODS]
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
  readCveJson,
  serviceAccountNode,
  useImageCves,
} from '@bulwark/graph'
import { bindingOf, clusterTexts, podOf, reportTexts, sizeOf } from './measure/cluster.ts'
import { percentile, printFigure } from './measure/figures.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const pods = Number(process.argv[2] ?? 100_000)
const size = sizeOf(pods)

/** Processor time of this thread: what else the machine does is not in it. */
const ms = (run: () => void): number => {
  const start = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1000
}

/** The 99th of 100 by the clock, which is what one waits, and the mean of the processor's time. */
const printMany = (
  what: string,
  indices: readonly number[],
  run: (index: number) => void,
): void => {
  const waits: number[] = []
  const busy = ms(() => {
    for (const index of indices) {
      const start = performance.now()
      run(index)
      waits.push(performance.now() - start)
    }
  })
  const mean = `mean ${((busy / indices.length) * 1000).toFixed(0)} µs of the processor`
  printFigure(`graph: ${what}, p99`, percentile(waits, 0.99), 'ms', mean)
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
let reports = 0
for (const text of reportTexts(Math.ceil(pods / 100), 200)) {
  textBytes += text.length
  loadMs += ms(() => cves.put(`report ${reports++}`, readCveJson('report', JSON.parse(text))))
}
collect()
const { heapUsed, rss } = process.memoryUsage()
const mib = (bytes: number): number => bytes / 1024 / 1024
printFigure('graph: texts of objects', mib(textBytes), 'MiB')
const wall = `${((performance.now() - started) / 1000).toFixed(1)} s with the making of the texts`
printFigure('graph: load', loadMs, 'ms', wall)
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
printMany('context of a pod, first time', some, context)
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

const changed = new Map(some.map((index) => [index, JSON.stringify(podOf(size, index, 1))]))
const change = (index: number): void => cluster.put(JSON.parse(changed.get(index) ?? ''))
printMany('a pod changes, with parsing', some, change)
const bindings = some.map((index) => index % Math.ceil(size.rules / 3))
const texts = new Map(bindings.map((index) => [index, JSON.stringify(bindingOf(size, index))]))
printMany('a binding changes', bindings, (index) => cluster.put(JSON.parse(texts.get(index) ?? '')))
printMany('context of a pod after a binding changed', some.slice(0, 300), (index) => {
  cluster.put(JSON.parse(texts.get(bindings[0] ?? 0) ?? ''))
  context(index)
})
