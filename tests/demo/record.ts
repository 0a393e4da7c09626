/**
 * `make demo`: records the attack session that comes with Bulwark, `rules/attacks.bulwark`, from
 * the lab's attacks on this machine. It runs in name spaces of its own, in which the checkout lies
 * at /opt/bulwark and the host is called "demo"; and of what was recorded it keeps the processes of
 * the attacks alone. So nothing of this machine is in the file.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { EventNumber, RecordView, cgroupOf, forkOf, headerOf } from '@bulwark/schema'
import type { CaptureHead, Note } from './inner.ts'
import { CaptureWriter, decodeNote, eachEntry, readCapture } from './inner.ts'

/** One of each kind, in the order of a story. */
const attacks = [
  'reverse-shell',
  'password-hashes',
  'service-account-token',
  'cloud-metadata',
  'program-in-memory',
  'miner',
  'kernel-helper',
]
const bytesMax = 200_000
/** The programs' environment is recorded: it must be nobody's. */
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const inside = '/opt/bulwark'
const setUp = `mount -t tmpfs none /opt && mkdir ${inside} && mount --bind "$1" ${inside} &&
  cp "$2" /opt/node && echo demo >/proc/sys/kernel/hostname && cd ${inside} && mkdir -p .build &&
  exec env -i HOME=/root PATH="$4" TMPDIR=${inside}/.build \\
    /opt/node tests/demo/record.ts --inside "$3" ${attacks.join(' ')}`

/** Records the attacks into a file; says the pid of the process that performs them. */
async function recordInside(file: string): Promise<void> {
  const bulwark = spawn(
    '/opt/node',
    ['dist/bulwark.js', 'record', '-o', file, '--rules', 'rules'],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  )
  let said = ''
  for await (const line of createInterface(bulwark.stderr)) {
    said += `${line}\n`
    if (line.includes('recording')) break
  }
  const names = process.argv.slice(4)
  const attack = spawn('/opt/node', ['tools/lab/attack.ts', ...names], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = (await once(attack, 'exit')) as [number]
  bulwark.kill('SIGINT')
  await once(bulwark, 'exit')
  if (code !== 0) throw new Error(`the attacks ended with ${code}:\n${said}`)
  process.stdout.write(`${attack.pid}\n`)
}

/** What is kept of a capture: the tree of one process, and what is known of its containers. */
class Kept {
  readonly #pids: Set<number>
  readonly #writer: CaptureWriter
  readonly #root: number
  /** What was asked of a container at the making of a cgroup that is not kept. */
  readonly #waiting: Note[] = []

  constructor(writer: CaptureWriter, root: number) {
    this.#writer = writer
    this.#root = root
    this.#pids = new Set([root])
  }

  record(bytes: Buffer): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const r = new RecordView(view, (from, to) => bytes.toString('latin1', from, to))
    const kind = headerOf.kind(r)
    // Cgroups are made by whoever starts a container: the attacks' own are below theirs.
    if (!this.#pids.has(headerOf.pid(r))) return
    if (kind === EventNumber.cgroup && cgroupOf.hierarchy(r) !== 0) return
    if (kind === EventNumber.fork) this.#pids.add(forkOf.childPid(r))
    if (kind === EventNumber.cgroup || kind === EventNumber.exec) {
      for (const note of this.#waiting.splice(0)) this.#writer.note(note)
    }
    this.#writer.record(bytes)
    if (kind === EventNumber.exit) this.#pids.delete(headerOf.pid(r))
  }

  note(note: Note): void {
    if (note.is === 'told') {
      if (note.told.told === 'clock') this.#writer.note(note)
      return
    }
    if (note.is === 'gap') throw new Error('the capture has a gap; record it again')
    const kept = this.#answer(note)
    if (kept === undefined) return
    if (note.question === 'metadata') this.#waiting.push(note)
    else this.#writer.note({ ...note, answer: kept })
  }

  #answer({ question, about, answer }: Note & { readonly is: 'answer' }): unknown {
    switch (question) {
      case 'pids':
        return [this.#root]
      case 'process':
        return this.#pids.has(Number(about)) ? answer : undefined
      case 'cgroups':
        return [[1, '/']]
      case 'cgroups-of':
        return this.#pids.has(Number(about)) ? answer : undefined
      case 'names':
        return about === ''
          ? { users: new Map([[0, 'root']]), groups: new Map([[0, 'root']]) }
          : answer
      default:
        return answer
    }
  }
}

/** Reads what was recorded, and writes what is to be kept. */
function keep(bytes: Buffer, root: number): Buffer {
  const parts: Buffer[] = []
  let at = 0
  const { head, parts: read } = readCapture((bytesWanted) => {
    const part = bytes.subarray(at, at + bytesWanted)
    at += part.length
    return part
  })
  const neutral: CaptureHead = { ...head, kernel: head.kernel.split('-')[0] ?? '' }
  const writer = new CaptureWriter((part) => parts.push(Buffer.from(part)), neutral)
  const kept = new Kept(writer, root)
  for (const part of read) {
    if (part.is === 'damage') throw new Error(`the capture is damaged: ${part.why}`)
    if (part.is !== 'block') continue
    eachEntry(part.raw, {
      onRecord: (offset, length) =>
        kept.record(Buffer.from(part.raw.subarray(offset, offset + length))),
      onNote: (text) => {
        const note = decodeNote(text)
        if (note) kept.note(note)
      },
    })
  }
  writer.end()
  return Buffer.concat(parts)
}

function main(): void {
  const checkout = join(import.meta.dirname, '../..')
  const folder = mkdtempSync(join(tmpdir(), 'demo-'))
  try {
    const file = join(folder, 'all')
    const spaces = ['--mount', '--uts', '--propagation', 'slave']
    const operands = [checkout, process.execPath, file, path]
    const argv = [...spaces, 'sh', '-c', setUp, 'sh', ...operands]
    const { status, stdout } = spawnSync('unshare', argv, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 300_000,
    })
    if (status !== 0) throw new Error(`the recording ended with ${status}`)
    const kept = keep(readFileSync(file), Number(stdout.trim().split('\n').at(-1)))
    if (kept.length > bytesMax) throw new Error(`${kept.length} bytes, at most ${bytesMax}`)
    const target = join(checkout, 'rules/attacks.bulwark')
    writeFileSync(target, kept)
    console.log(`rules/attacks.bulwark: ${statSync(target).size} bytes`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[2] === '--inside') await recordInside(process.argv[3] ?? '')
else main()
