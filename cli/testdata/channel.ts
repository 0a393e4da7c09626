/** An alert, and the channel by which an agent hands it over to a server. */
import type { TestContext } from 'node:test'
import type { Alert } from '@bulwark/agent'
import { Outputs, defaultForm } from '@bulwark/agent'

/** An alert of a pod of the sample cluster. */
export const alertAt = (at: number): Alert => ({
  uuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  rule: 'A shell',
  priority: 'Notice',
  source: 'syscall',
  tags: ['container'],
  hostname: 'node-1',
  timeNs: 1_795_000_000_000_000_001n,
  time: '2026-11-18T11:06:40.000000001Z',
  message: `shell ${at}`,
  output: `11:06:40.000000001: Notice shell ${at}`,
  outputFields: new Map<string, string | bigint>([
    ['proc.name', 'sh'],
    ['evt.rawtime', 1_795_000_000_000_000_001n],
  ]),
  bulwark: {
    pid: 7,
    containerId: 'c',
    podUid: 'u',
    truncated: ['args'],
    fromUserMemory: true,
    policy: 'p',
  },
  subject: {
    namespace: 'platform',
    podName: 'ci-runner-25ff08462-0eba9',
    container: 'runner',
    imageDigest: undefined,
    programs: [{ executable: '/bin/sh', programArguments: ['sh'], workingDirectory: '/' }],
    outcome: 'done',
    act: { type: 'execve', files: ['/bin/sh'], isWrite: false, peer: undefined },
  },
})

export interface ChannelOptions {
  readonly tokenFile?: string
  readonly caFile?: string
  readonly alertsMax?: number
}

export interface ServerChannel {
  readonly outputs: Outputs
  /** What it said up to now. */
  readonly log: readonly string[]
  /** The first line, said already or to come, that holds a text. */
  readonly said: (text: string) => Promise<string>
}

/** The channel of an agent to a server. */
export const channelTo = (
  t: TestContext,
  url: string,
  { tokenFile, caFile, alertsMax = 1000 }: ChannelOptions = {},
): ServerChannel => {
  const lines: string[] = []
  let wake = (): void => {}
  const outputs = new Outputs({
    settings: {
      form: 'json',
      alert: defaultForm,
      queue: { alertsMax, bytesMax: 1024 * 1024 },
      flushMs: 100,
      stdout: false,
      file: undefined,
      syslog: undefined,
      program: undefined,
      http: undefined,
      server: { url, tokenFile, caFile },
    },
    hostname: 'node-1',
    terminal: { is: false, coloured: false },
    log: (line) => {
      lines.push(line)
      wake()
    },
    onGone: () => {},
  })
  t.after(() => outputs.close())
  const said = async (text: string): Promise<string> => {
    for (;;) {
      const found = lines.find((line) => line.includes(text))
      if (found !== undefined) return found
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return { outputs, log: lines, said }
}
