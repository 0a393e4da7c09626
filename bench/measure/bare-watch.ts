/**
 * A program of Node.js that does nothing but read the watch of a node's pods, over TLS, and throw
 * it away: what of an agent's processor time is the stream's.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { atEnd } from './at-end.ts'
import { processorSecondsOf } from './sensor.ts'

/** It reads as the agent does: into one buffer, without node:http. */
const program = `
  const { readFileSync } = require('node:fs')
  const { connect } = require('node:tls')
  const [port, authority, token, path] = process.argv.slice(1)
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    ca: readFileSync(authority),
    onread: { buffer: Buffer.alloc(16 * 1024), callback: () => true },
  })
  const head = ['GET ' + path + ' HTTP/1.1', 'host: localhost', 'authorization: Bearer ' + token]
  socket.on('secureConnect', () => {
    socket.write(head.join('\\r\\n') + '\\r\\n\\r\\n')
    console.log('connected')
  })
  socket.on('end', () => process.exit(1))`

/** The server ends it then. */
const watchSecondsMax = 3_600

/** Whose watch it is. */
export interface WatchedNode {
  readonly url: string
  readonly node: string
  /** A file with the certificate of who signed the server's. */
  readonly authority: string
  readonly token: string
  /** From which on it watches. */
  readonly version: string
}

export class BareWatch {
  readonly #child: ChildProcess
  readonly #ended: () => void

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = atEnd(() => child.kill('SIGKILL'))
  }

  /** Resolves when it is connected. */
  static async start({ url, node, authority, token, version }: WatchedNode): Promise<BareWatch> {
    const query = new URLSearchParams({
      watch: 'true',
      resourceVersion: version,
      timeoutSeconds: String(watchSecondsMax),
      fieldSelector: `spec.nodeName=${node}`,
    })
    const words = [new URL(url).port, authority, token, `/api/v1/pods?${query.toString()}`]
    const child = spawn(process.execPath, ['-e', program, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the bare program has ended'))),
    ])
    return new BareWatch(child)
  }

  /** Processor time of all its threads so far. */
  processorSeconds(): number {
    const { pid, exitCode } = this.#child
    if (pid === undefined || exitCode !== null) throw new Error('the bare program has ended')
    return processorSecondsOf(pid)
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
    this.#ended()
  }
}
