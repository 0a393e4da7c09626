/**
 * What rules cost: nanoseconds an event that no rule matches, by type of event, with the stable
 * rules; and what loading the official files takes in time and memory.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Engine, LiveEvent, Sockets, Users, newCounters, unknownProcess } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import type { RecordValues } from '@bulwark/schema'
import { RecordView, encodeRecord, eventKinds } from '@bulwark/schema'
import { nsPerCall, percentile, printFigure } from './measure/figures.ts'
import { allRules, loadRules, readRules, shownPath, stableRules } from './measure/official.ts'

const engineOf = (rules: readonly Rule[]): Engine =>
  new Engine({
    rules,
    matching: 'first',
    surroundings: { users: new Users(), hostname: 'bench' },
    counters: newCounters(),
    resolve: () => () => new Set(),
    onAlert: ({ rule }) => {
      throw new Error(`the event was to match nothing, and matched "${rule}"`)
    },
    log: (line) => {
      throw new Error(line)
    },
  })

/** The commonest events of a busy host, as the kernel would send them. */
const samples: readonly { type: string; values: RecordValues }[] = [
  {
    type: 'openat',
    values: { path: '/usr/lib/x86_64-linux-gnu/libc.so.6', open_flags: 0o2000000, result: 3 },
  },
  { type: 'execve', values: { exe_path: '/usr/bin/ls', cwd: '/srv', arguments: 'ls\0-l\0' } },
  { type: 'dup2', values: { path: '/var/log/app.log', old_fd: 3, new_fd: 1, result: 1 } },
  {
    type: 'connect',
    values: {
      fd: 4,
      socket: {
        inode: 5,
        family: 2,
        type: 1,
        protocol: 6,
        local_port: 40000,
        remote_port: 443,
        remote_source: 1,
        local_address: Uint8Array.of(10, 0, 0, 1),
        remote_address: Uint8Array.of(10, 0, 0, 2),
      },
    },
  },
  { type: 'unlinkat', values: { raw_path: 'x.tmp', base: '/var/tmp' } },
  { type: 'ptrace', values: { request: 7 } },
]

const eventOf = (type: string, values: RecordValues): LiveEvent => {
  const kind = eventKinds.find(({ types }) => types.includes(type))
  if (!kind) throw new Error(`no event of type ${type}`)
  const header = { time_ns: 1e12, pid: 10, tid: 10, ppid: 1, comm: 'ls', syscall: 1 }
  const { buffer } = encodeRecord(kind.name, { ...header, ...values })
  const memory = Buffer.from(buffer)
  const text = (start: number, end: number): string => memory.toString('latin1', start, end)
  const event = new LiveEvent(
    new RecordView(new DataView(buffer), text),
    new Sockets(newCounters()),
    'x64',
  )
  const parent = { ...unknownProcess(1, 1), comm: 'bash', exe: 'bash', exePath: '/usr/bin/bash' }
  event.kind = kind.kind
  event.type = type
  event.process = {
    ...unknownProcess(10, 1),
    comm: 'ls',
    exe: 'ls',
    args: ['-l'],
    exePath: '/usr/bin/ls',
    cwd: '/srv',
    parent,
  }
  return event
}

const measureEvents = (): void => {
  const { rules } = loadRules(readRules([stableRules]))
  const engine = engineOf(rules)
  console.log(`rules of ${shownPath(stableRules)}; events that match none of them:`)
  for (const { type, values } of samples) {
    const tried = engine.active.filter((r) => r.eventTypes === 'all' || r.eventTypes.has(type))
    const event = eventOf(type, values)
    const ns = nsPerCall((times) => {
      for (let i = 0; i < times; i++) {
        event.moved()
        engine.run(event)
      }
    })
    printFigure(`rules on ${type}`, ns, 'ns an event', `${tried.length} rules tried`)
  }
}

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

const measureLoading = (paths: readonly string[]): void => {
  const texts = readRules(paths)
  const prepare = (): { engine: Engine; rules: readonly Rule[]; ms: number } => {
    const start = performance.now()
    const { rules } = loadRules(texts)
    const engine = engineOf(rules)
    engine.prepare(eventKinds.flatMap(({ types }) => types))
    return { engine, rules, ms: performance.now() - start }
  }
  const name = paths.map((path) => path.slice(path.lastIndexOf('/') + 1)).join(' and ')
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const kept = prepare()
  collectGarbage()
  const mib = (process.memoryUsage().heapUsed - before) / 2 ** 20
  const warm = Array.from({ length: 10 }, () => prepare().ms)
  const count = `${kept.rules.length} rules of ${name}`
  printFigure('load and compile, the first time', kept.ms, 'ms', count)
  printFigure('load and compile, again', percentile(warm, 0.5), 'ms', count)
  printFigure('heap of the compiled rules', mib, 'MiB', `${kept.engine.active.length} rules run`)
}

measureLoading(allRules)
measureEvents()
