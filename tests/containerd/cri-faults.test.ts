/**
 * `bulwark run` beside a CRI socket that hangs, closes, talks nonsense, or goes and comes back: it
 * watches, each event has its container, the fault is said once, and labels are there as soon as
 * the runtime answers.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, rmdirSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { readCgroups } from '../kernel/inner.ts'
import { end, skip, startRun, timeout } from '../running.ts'
import { FakeRuntime, answer, wellBehaved } from './inner.ts'

const runs = 25
const waitMsMax = 30_000
const { unified, old } = readCgroups()
const point = [...unified.mounts, ...(old?.mounts ?? [])].find(({ root }) => root === '/')?.point

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-cri-faults-'))
})
after(() => rmSync(folder, { recursive: true }))

/** Somebody who listens, and whom a runtime follows. */
interface Bad {
  readonly name: string
  /** What is done with each who calls. */
  readonly onCall: (socket: Socket) => void
  readonly said: RegExp
}

const bads: readonly Bad[] = [
  {
    name: 'that accepts and never answers',
    onCall: () => {},
    said: /: Version: no answer within \d+ ms; pod labels are missing until it answers$/,
  },
  {
    name: 'that closes at once',
    onCall: (socket) => void socket.end(),
    said: /: Version: .*; pod labels are missing until it answers$/,
  },
  {
    name: 'that talks nonsense',
    onCall: (socket) => void socket.end(Buffer.alloc(4096, 0xa5)),
    said: /: Version: .*; pod labels are missing until it answers$/,
  },
]

type Running = Awaited<ReturnType<typeof startRun>>

/** A cgroup that is named as a container's would be, and a program of its own that runs in it. */
class Fake {
  readonly id = randomBytes(32).toString('hex')
  readonly socket = join(folder, `${this.id.slice(0, 8)}.sock`)
  readonly rules = join(folder, `${this.id.slice(0, 8)}.yaml`)
  readonly #program = join(folder, `program-${this.id.slice(0, 8)}`)
  readonly #cgroup = join(point ?? '', `cri-containerd-${this.id}.scope`)

  constructor() {
    copyFileSync('/bin/true', this.#program)
    writeFileSync(
      this.rules,
      '- rule: Rare\n  desc: d\n  priority: INFO\n' +
        `  condition: evt.type = execve and proc.exepath = ${this.#program}\n` +
        '  output: >-\n    [%proc.args %container.full_id %k8s.pod.label[app]]\n',
    )
    mkdirSync(this.#cgroup)
  }

  /** Each run is an alert that names the container. */
  async run(count: number, { alert }: Running, label: string): Promise<void> {
    const script = `echo $$ > "$0/cgroup.procs"; for i in $(seq ${count}); do "$1" $i; done`
    const command = ['-c', script, this.#cgroup, this.#program]
    const child = spawn('/bin/sh', command, { stdio: 'ignore' })
    assert.deepEqual(await once(child, 'exit'), [0, null])
    for (let i = 1; i <= count; i++) {
      const line = await alert()
      assert.ok(line.includes(`[${i} ${this.id} ${label}]`), line)
    }
  }

  remove(): void {
    if (existsSync(this.#cgroup)) rmdirSync(this.#cgroup)
  }
}

const faultsIn = ({ log }: Running): readonly string[] =>
  log.filter((line) => line.includes('pod labels are missing'))

const until = async (done: () => boolean, what: string): Promise<void> => {
  for (const deadline = Date.now() + waitMsMax; !done(); await nextTurn()) {
    assert.ok(Date.now() < deadline, what)
  }
}

/** A runtime is there now that has this one container. */
const recovers = async (running: Running, runtime: FakeRuntime, fake: Fake): Promise<void> => {
  await runtime.close()
  await runtime.serve(wellBehaved(fake.id))
  await running.said('fake 1.0, 1 containers in 1 pods')
  await fake.run(1, running, 'web')
  assert.equal(faultsIn(running).length, 1, running.log.join('\n'))
  assert.equal(await end(running.child, 'SIGTERM'), 0)
  assert.match(running.log.at(-1) ?? '', /; lost: none/)
}

const skipHere = skip || (point === undefined && 'no cgroups are mounted here')

describe('a CRI socket', { concurrency: true, skip: skipHere, timeout }, () => {
  for (const { name, onCall, said } of bads) {
    test(name, { timeout }, async (t) => {
      const fake = new Fake()
      t.after(() => fake.remove())
      const runtime = new FakeRuntime(fake.socket)
      t.after(() => runtime.close())
      let calls = 0
      await runtime.listen(
        createServer((socket) => {
          calls++
          onCall(socket)
        }),
      )
      const running = await startRun(t, fake.rules, ['--cri', fake.socket])
      await fake.run(runs, running, '<NA>')
      await running.said('pod labels are missing')
      await until(() => calls > 1, 'it is asked again')
      await fake.run(runs, running, '<NA>')
      assert.match(faultsIn(running)[0] ?? '', said)
      await recovers(running, runtime, fake)
    })
  }

  test('that goes and comes back', { timeout }, async (t) => {
    const fake = new Fake()
    t.after(() => fake.remove())
    const runtime = new FakeRuntime(fake.socket)
    t.after(() => runtime.close())
    const empty = wellBehaved()
    await runtime.serve((stream, method) =>
      method === 'Version' ? empty(stream, method) : answer(stream, new Uint8Array()),
    )
    const running = await startRun(t, fake.rules, ['--cri', fake.socket])
    await running.said('fake 1.0, 0 containers in 0 pods')
    await runtime.close()
    await fake.run(runs, running, '<NA>')
    await running.said('pod labels are missing')
    await fake.run(runs, running, '<NA>')
    await recovers(running, runtime, fake)
  })
})
