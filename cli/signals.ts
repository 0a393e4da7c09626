/** Signals that ask for something and end nothing. */

/**
 * Has SIGUSR1 do nothing where no command takes it: Node.js would open its debugger to whoever is
 * on this machine.
 */
export const keepDebuggerShut = (): void => {
  process.on('SIGUSR1', () => {})
}

/**
 * SIGHUP from its making on: what asks for options anew must not end whoever still starts. One
 * that comes before somebody takes it is obeyed then.
 */
export class Hangups {
  #early = false
  #take: () => void = () => {
    this.#early = true
  }
  readonly #hear = (): void => this.#take()

  constructor() {
    process.on('SIGHUP', this.#hear)
  }

  take(act: () => void): void {
    this.#take = act
    if (this.#early) act()
    this.#early = false
  }

  stop(): void {
    process.off('SIGHUP', this.#hear)
  }
}

/** `undefined` in a terminal: whoever closes that ends what runs in it. */
export const hearHangups = (): Hangups | undefined =>
  process.stdin.isTTY ? undefined : new Hangups()
