/** Lines for channels, and waiting for what becomes of them, for tests. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ChannelOptions } from '../channel.ts'
import { Channel } from '../channel.ts'
import type { HttpSettings } from '../http.ts'
import type { Entry } from '../queue.ts'
import type { Sink } from '../sink.ts'

export const entry = (line: string, priority = 4): Entry => ({
  line,
  bytes: Buffer.byteLength(line),
  priority,
  form: 'json',
})

/** A server's address, and what else is said of it. */
export const httpSettings = (url: string, more: Partial<HttpSettings> = {}): HttpSettings => ({
  url,
  userAgent: 'bulwark',
  insecure: false,
  caCert: undefined,
  caBundle: undefined,
  caPath: undefined,
  clientCert: undefined,
  clientKey: undefined,
  compress: false,
  keepAlive: true,
  timeoutMs: 10_000,
  ...more,
})

/** A folder of the test's own. */
export const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-outputs-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A channel, and what it said. */
export const channelOf = (
  sink: Sink,
  more: Partial<ChannelOptions> = {},
): { readonly channel: Channel; readonly said: string[] } => {
  const said: string[] = []
  const bounds = { alertsMax: 1000, bytesMax: 1024 * 1024 }
  const log = (line: string): void => {
    said.push(line)
  }
  return { channel: new Channel({ name: 'test', sink, bounds, log, ...more }), said }
}

/** Resolves with the text of a file when it is as wanted; the test's own bound ends the wait. */
export const fileWith = async (
  path: string,
  isWanted: (text: string) => boolean,
): Promise<string> => {
  const watcher = watch(dirname(path))
  try {
    for (;;) {
      const changed = once(watcher, 'change')
      const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
      if (isWanted(text)) return text
      await changed
    }
  } catch (error) {
    throw new Error(`while waiting for ${basename(path)}`, { cause: error })
  } finally {
    watcher.close()
  }
}

/** How many lines a text has. */
export const linesIn = (text: string): readonly string[] =>
  text === '' ? [] : text.trimEnd().split('\n')
