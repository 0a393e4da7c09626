/**
 * Large files of reports, read in a thread of their own: a document is parsed in one step, which
 * for 55 MB takes a second, and alerts do not wait for it. Its memory goes with the thread.
 */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { limits } from '../limits.ts'
import type { FileContents } from './read-reports.ts'
import { readReports, unreadable } from './read-reports.ts'
import type { Part } from './report-parts.ts'
import { Joining } from './report-parts.ts'

/** As it is built, beside the program; else its source. */
const threadFile = (): string => {
  const built = join(import.meta.dirname, 'bulwark-reports.js')
  return existsSync(built) ? built : join(import.meta.dirname, 'report-worker.ts')
}

const readInThread = async (path: string): Promise<FileContents> => {
  const thread = new Worker(threadFile(), { workerData: path })
  const joining = new Joining()
  try {
    return await new Promise<FileContents>((resolve, reject) => {
      thread.once('error', reject)
      thread.once('exit', () => reject(new Error('its thread has ended')))
      thread.on('message', (part: Part) => {
        const whole = joining.take(part)
        if (whole) resolve(whole)
        // A part a turn: whatever else waits comes between.
        else void nextTurn().then(() => thread.postMessage('next'))
      })
    })
  } catch (error) {
    return unreadable(path, error)
  } finally {
    await thread.terminate()
  }
}

const isLarge = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && found.size >= limits.readAsideBytesMin
}

/**
 * Reads a file of reports, and lets other work be done meanwhile. Never rejects: what is wrong is
 * among the faults.
 */
export const readBeside = async (path: string): Promise<FileContents> =>
  // Rows of CSV are taken a few thousand at a time as it is.
  !path.endsWith('.csv') && (await isLarge(path))
    ? await readInThread(path)
    : await readReports(path)
