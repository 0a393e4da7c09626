/** Runs `bulwark` as a user would, for tests: its exit code and its output. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** How a run ended; `code` is -1 when it had to be killed. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Only against a hang: on a busy machine many of these start at once. */
const msMax = 120_000

/** What Node.js is started with: the sources, or the program that was built of them, where whoever
 * runs the tests says that it is up to date. That one starts in a third of the time. */
export const mainFile = process.env['BULWARK_MAIN'] ?? join(import.meta.dirname, '../main.ts')

/** @param before  a command that becomes `bulwark`, such as `setpriv --reuid=65534` */
export const bulwark = (args: readonly string[], before: readonly string[] = []): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [program = '', ...rest] = [...before, process.execPath, mainFile, ...args]
    const child = spawn(program, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: msMax,
      killSignal: 'SIGKILL',
      env: { ...process.env, NO_COLOR: '1' },
    })
    const text = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, ...text }))
  })
