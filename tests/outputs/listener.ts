/** A process that listens for unix datagrams, for tests: Node.js cannot, and Perl is everywhere. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'

/** Each message as a line of hexadecimal digits. */
const program = `
  use IO::Socket::UNIX; use Socket; $| = 1;
  my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "$!";
  print "listening\\n";
  while (defined $socket->recv(my $message, 1 << 20)) { print unpack('H*', $message), "\\n" }`

/** Who listens. */
export interface Listener {
  /** The next message as text. */
  readonly next: () => Promise<string>
  readonly pause: () => void
  readonly resume: () => void
  /** Ends it; its socket's name stays, as that of a daemon that was killed does. */
  readonly end: () => Promise<void>
}

/** Listens at a path until the test ends. */
export const listenForDatagrams = async (t: TestContext, path: string): Promise<Listener> => {
  const child = spawn('perl', ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const next = await lines.next()
    if (next.done === true) throw new Error('the listener has ended')
    return next.value
  }
  await line()
  return {
    next: async () => Buffer.from(await line(), 'hex').toString(),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    end: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
