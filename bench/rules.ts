/**
 * What rules cost: nanoseconds an event that no rule matches, by type of event; what a test by
 * regular expression takes; and what loading takes in time and memory: of the official files, and
 * of four of that size, where the first time in a process is the one that a user waits for.
 *
 *   node bench/rules.ts
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Engine, LiveEvent } from '@bulwark/agent'
import { unknownProcess } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import type { RecordValues } from '@bulwark/schema'
import { eventKinds } from '@bulwark/schema'
import { renamed } from './measure/copies.ts'
import { engineOf, eventOfRecord } from './measure/engine.ts'
import { nsPerCall, percentile, printFigure } from './measure/figures.ts'
import { allRules, loadRules, readRules, shownPath, stableRules } from './measure/official.ts'

/** The commonest events of a busy host, as the kernel would send them. */
const samples: readonly { type: string; values: RecordValues }[] = [
  {
    type: 'openat',
    values: { path: '/usr/lib/x86_64-linux-gnu/libc.so.6', open_flags: 0o2000000, result: 3 },
  },
  { type: 'execve', values: { exe_path: '/usr/bin/app', cwd: '/srv', arguments: 'app\0-l\0' } },
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
  const header = { time_ns: 1e12, pid: 10, tid: 10, ppid: 1, comm: 'app', syscall: 1 }
  const event = eventOfRecord(kind.name, { ...header, ...values })
  const parent = { ...unknownProcess(1, 1), comm: 'bash', exe: 'bash', exePath: '/usr/bin/bash' }
  event.kind = kind.kind
  event.type = type
  event.process = {
    ...unknownProcess(10, 1),
    comm: 'app',
    exe: 'app',
    args: ['-l'],
    exePath: '/usr/bin/app',
    cwd: '/srv',
    parent,
  }
  return event
}

/** Events that match nothing: of a process and a file that were seen before, and of new ones. */
const measureEvents = (set: string, paths: readonly string[]): void => {
  const { rules } = loadRules(readRules(paths))
  const engine = engineOf(rules)
  const shown = paths.map(shownPath).join(', ')
  console.log(`rules of ${shown}; events that match none of them; to reach: under 1,000 ns`)
  for (const { type, values } of samples) {
    const tried = engine.active.filter((r) => r.eventTypes === 'all' || r.eventTypes.has(type))
    const event = eventOf(type, values)
    const known = nsPerCall((times) => {
      for (let i = 0; i < times; i++) {
        event.moved()
        engine.run(event)
      }
    })
    const unknown = nsPerCall((times) => {
      for (let i = 0; i < times; i++) {
        event.moved()
        event.process.answers = undefined
        event.process.program = undefined
        event.process.ancestry = undefined
        engine.run(event)
      }
    })
    const each = tried.length === 0 ? '' : `, ${(known / tried.length).toFixed(1)} ns a rule`
    const note = `${tried.length} rules tried${each}`
    printFigure(`${set} on ${type}, known process`, known, 'ns an event', note)
    printFigure(`${set} on ${type}, new process`, unknown, 'ns an event', note)
  }
}

/** A regular expression on a path, where nothing keeps its answer. */
const measureRegex = (): void => {
  const text = `- rule: r
  desc: d
  condition: evt.type = openat and fd.nameraw regex "/(usr|opt)/[a-z0-9_/.-]*[.]so[.0-9]*[~]"
  output: o
  priority: INFO
`
  const engine = engineOf(loadRules([{ name: 'regex.yaml', text }]).rules)
  const event = eventOf('openat', { raw_path: '/usr/lib/x86_64-linux-gnu/libc.so.6', result: 3 })
  const ns = nsPerCall((times) => {
    for (let i = 0; i < times; i++) {
      event.moved()
      engine.run(event)
    }
  })
  printFigure('a regular expression on a path of 35 bytes', ns, 'ns', 're2js, linear time')
}

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

/** @param name  what the files are, in words */
const measureLoading = (
  name: string,
  texts: readonly { readonly name: string; readonly text: string }[],
): void => {
  const prepare = (): { engine: Engine; rules: readonly Rule[]; ms: number } => {
    const start = process.threadCpuUsage()
    const { rules } = loadRules(texts)
    const engine = engineOf(rules)
    engine.prepare(eventKinds.flatMap(({ types }) => types))
    const { user, system } = process.threadCpuUsage(start)
    return { engine, rules, ms: (user + system) / 1000 }
  }
  collectGarbage()
  const before = process.memoryUsage()
  const kept = prepare()
  const { rss } = process.memoryUsage()
  collectGarbage()
  const mib = (process.memoryUsage().heapUsed - before.heapUsed) / 2 ** 20
  const warm = Array.from({ length: 10 }, () => prepare().ms)
  const count = `${kept.rules.length} rules of ${name}; processor time`
  printFigure(`load and compile ${name}, the first time`, kept.ms, 'ms', count)
  printFigure(`load and compile ${name}, again`, percentile(warm, 0.5), 'ms', count)
  printFigure(`resident memory that loading ${name} takes`, (rss - before.rss) / 2 ** 20, 'MiB')
  printFigure(
    `heap of the compiled rules of ${name}`,
    mib,
    'MiB',
    `${kept.engine.active.length} run`,
  )
}

const files = readRules(allRules)
// Four files first: only the first load in a process is cold.
console.log('to reach with four files: under 150 ms and under 40 MiB')
measureLoading('four files', [...files, ...renamed(files)])
measureLoading('the official files', files)
measureEvents('the stable rules', [stableRules])
if (allRules.length > 1) measureEvents('both files', allRules)
measureRegex()
