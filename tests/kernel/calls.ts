/**
 * A list of system calls as a test writes it, and as `programs/calls.c` reads it. An operand is a
 * number, a text, bytes, the result of an earlier call, or an array of these.
 */

/** The result of a call that is not made yet. */
export class Result {
  /** Place in the list of results. */
  readonly index: number

  constructor(index: number) {
    this.index = index
  }
}

export type Operand = number | bigint | string | Uint8Array | Result | readonly Operand[]

const wordsOf = (operand: Operand): readonly string[] => {
  if (typeof operand === 'string') return [`=${operand}`]
  if (operand instanceof Uint8Array) return [`:${Buffer.from(operand).toString('hex')}`]
  if (operand instanceof Result) return [`@${operand.index}`]
  if (typeof operand === 'number' || typeof operand === 'bigint') return [`%${operand}`]
  return ['[', ...operand.flatMap(wordsOf), ']']
}

/** System calls in the order in which they are done; each method adds one. */
export class Calls {
  readonly words: string[] = []
  #results = 0

  /** A system call by name. */
  call(name: string, ...operands: readonly Operand[]): Result {
    this.words.push(name, ...operands.flatMap(wordsOf))
    return new Result(this.#results++)
  }

  /** Any system call, by its number on this machine. */
  callNumber(number: number, ...operands: readonly Operand[]): Result {
    return this.call(`#${number}`, ...operands)
  }

  /** Becomes another program: the list ends here. */
  exec(path: string, argv: readonly string[]): void {
    this.call('execve', path, [...argv, 0], [0])
  }

  /** A child that only waits; its pid. */
  waiter(): Result {
    return this.call('waiter')
  }

  /** A 32-bit system call, by its number there; a text as bytes, or it is out of reach. */
  compat(number: number, ...operands: readonly Operand[]): Result {
    return this.call('compat', number, ...operands)
  }

  /** What follows is done by a child, and awaited. */
  fork(): void {
    this.words.push('fork')
  }

  /** As `fork`; the child gets a pid that must be free. */
  forkAs(pid: number): void {
    this.words.push('fork-as', `%${pid}`)
  }

  /** What follows is done by a second thread. */
  thread(): void {
    this.words.push('thread')
  }

  /** What follows is done by a second thread, after the first has ended. */
  leaderless(): void {
    this.words.push('leaderless')
  }

  /** Adds threads that only wait. */
  threads(count: number): void {
    this.words.push('threads', `%${count}`)
  }

  /** Makes so many children with so many threads more; all of a child's end at once. */
  crowds(children: number, threads: number): void {
    this.words.push('crowds', `%${children}`, `%${threads}`)
  }

  /** Opens so many files that are not there: `prefix`, then a number of six digits. */
  opens(count: number, prefix: string): void {
    this.words.push('opens', `%${count}`, `=${prefix}`)
  }

  /**
   * So many processes at once, each of which makes `count` files `folder/PID-NUMBER`, and executes
   * `program` with the path of every fiftieth as its argument.
   */
  hammer(processes: number, count: number, folder: string, program: string): void {
    this.words.push('hammer', `%${processes}`, `%${count}`, `=${folder}`, `=${program}`)
  }

  /**
   * Threads on one CPU that interrupt each other, two for each of open, mkdirat, unlinkat and
   * renameat2; each does so many calls on `folder/CALL-THREAD-NUMBER`.
   */
  mix(rounds: number, folder: string): void {
    this.words.push('mix', `%${rounds}`, `=${folder}`)
  }
}
