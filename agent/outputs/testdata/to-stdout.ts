/** Sends alerts to stdout and to a file, for tests: whoever starts it may not read its stdout. */
import { statSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { defaultForm, internalAlert } from '../../alert.ts'
import { Outputs } from '../outputs.ts'

const outputsTo = (path: string): Outputs =>
  new Outputs({
    settings: {
      form: 'text',
      alert: defaultForm,
      queue: { alertsMax: 500, bytesMax: 16 * 1024 * 1024 },
      flushMs: 200,
      stdout: true,
      file: { path, rotateBytes: 0, keep: 1 },
      syslog: undefined,
      program: undefined,
      http: undefined,
      server: undefined,
    },
    hostname: 'node1',
    terminal: { is: false, coloured: false },
    log: (line) => process.stderr.write(`${line}\n`),
    onGone: () => process.stderr.write('gone\n'),
  })

const textLength = 1000
const bytesIn = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** Sends so many alerts, says on stderr which were lost, and ends the process. */
export const sendToStdout = async (path: string, count: number): Promise<void> => {
  const outputs = outputsTo(path)
  const timeNs = 1_795_428_672_000_000_345n
  for (let i = 0; i < count; i++) {
    const message = `alert ${i} ${'x'.repeat(textLength)}`
    const [rule, priority, hostname] = ['R', 'Warning', 'node1'] as const
    outputs.send(internalAlert({ rule, priority, hostname, timeNs, message, fields: [] }))
    // The file takes all, however slow it is.
    while (i % 100 === 99 && bytesIn(path) < (i + 1) * textLength) await pause(5)
  }
  await outputs.close()
  process.stderr.write(`${JSON.stringify(outputs.losses)}\n`)
  // What waits for a reader would keep it alive.
  process.kill(process.pid, 'SIGKILL')
}
