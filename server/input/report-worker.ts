/** A thread that reads one large file, and hands over what it says as it is asked for it. */
import { parentPort, workerData } from 'node:worker_threads'
import { readReports } from './read-reports.ts'
import { partsOf } from './report-parts.ts'

const parts = partsOf(await readReports(String(workerData)))
const tell = (): void => parentPort?.postMessage(parts.next().value)
parentPort?.on('message', tell)
tell()
