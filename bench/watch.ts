/**
 * What it costs to watch a large cluster: from the first request until all is known, and what each
 * object costs that is written from then on. The API server is a process of its own, which makes
 * what it lists while it is asked.
 *
 *   node bench/watch.ts [PODS]
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LiveCluster } from '@bulwark/server'
import { serveBigCluster } from './measure/big-api-server.ts'
import { printFigure } from './measure/figures.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const writes = 20_000
const mib = 1024 * 1024
/** In place of a number: this is the server. */
const serve = 'serve'

const measure = async (pods: number): Promise<void> => {
  const server = spawn(process.execPath, [import.meta.filename, serve, String(pods)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { value: url } = await createInterface(server.stdout)[Symbol.asyncIterator]().next()

  const cpuMs = (since?: NodeJS.CpuUsage): number => {
    const { user, system } = process.cpuUsage(since)
    return (user + system) / 1000
  }

  const began = performance.now()
  const before = process.cpuUsage()
  const cluster = new LiveCluster({
    access: {
      server: new URL(String(url)),
      authorities: undefined,
      insecure: false,
      serverName: undefined,
      clientCert: undefined,
      clientKey: undefined,
      token: undefined,
    },
    log: (line) => console.error(line),
  })
  await cluster.untilListed()
  const wall = `${((performance.now() - began) / 1000).toFixed(1)} s with the making of the objects`
  printFigure('watch: until all is known', cpuMs(before), 'ms', wall)
  printFigure('watch: resident at that time', process.memoryUsage().rss / mib, 'MiB')
  collect()
  printFigure('watch: heap, objects that are known', process.memoryUsage().heapUsed / mib, 'MiB')

  const countOf = (): number => cluster.known.objects
  const listed = countOf()
  const since = process.cpuUsage()
  server.stdin.write('go\n')
  while (countOf() < listed + writes) await pause(20)
  printFigure('watch: a pod that is written', (cpuMs(since) / writes) * 1000, 'µs of the processor')
  collect()
  printFigure('watch: resident after that', process.memoryUsage().rss / mib, 'MiB')
  cluster.stop()
  server.stdin.end()
}

const [first, second] = process.argv.slice(2)
if (first === serve) serveBigCluster(Number(second), writes)
else await measure(Number(first ?? 100_000))
