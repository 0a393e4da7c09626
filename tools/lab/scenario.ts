/**
 * What a scenario is, and how one of its acts is performed.
 *
 * A scenario is data: an attack that a rule must report, and a benign twin that looks like it and
 * that the rule must not. Both really happen, in a container each, and both state their own effect
 * (exit code, output, what the attacker received), so that an act that did nothing cannot pass for
 * silence.
 */
import { LabError, type Result, within } from './command.ts'
import type { Container, ExecOptions, Listener } from './container.ts'
import type { ContainerOptions } from './spec.ts'

/** What a program must have done for the act to count. */
export type Effect = { readonly code: number; readonly prints?: string }

/** What somebody outside says over a connection, and what he must hear. */
export type Conversation = {
  readonly address: string
  readonly port: number
  readonly text: string
  readonly receives?: string
}

export type Step =
  /** A program run in the container from outside, as by kubectl exec. */
  | ({ readonly kind: 'exec'; readonly argv: readonly string[] } & ExecOptions & Effect)
  /** `act` under another name, as a program of the host: for rules about the host. */
  | ({ readonly kind: 'host'; readonly argv: readonly string[] } & Effect)
  /** Somebody outside waits for one connection and sends `text`; checked after the last step. */
  | ({ readonly kind: 'listen' } & Conversation)
  /** Somebody outside calls a program that listens in the container, and sends it `text`. */
  | ({ readonly kind: 'call' } & Conversation)
  /** The container's own entrypoint comes to its end. */
  | ({ readonly kind: 'entrypoint' } & Effect)

export type Act = {
  /** In plain words, for a person who watches. */
  readonly does: string
  readonly container: ContainerOptions
  readonly steps: readonly Step[]
}

/** What the alert for the attack must say. */
export type ExpectedAlert = {
  readonly priority: string
  /** proc.name, where the kernel does not choose it. */
  readonly process?: string
  /** Texts that its output must contain. */
  readonly words: readonly string[]
}

export type Scenario = {
  readonly name: string
  readonly rule: string
  readonly attack: Act
  readonly twin: Act
  readonly alert: ExpectedAlert
}

const entrypointMsMax = 60_000

/**
 * Performs the steps of an act in a container made from its options.
 *
 * @param onStep  told of each step in plain words before it runs
 * @throws LabError when a step has not the effect that it states
 */
export async function perform(
  act: Act,
  container: Container,
  onStep: (text: string) => void = () => {},
): Promise<void> {
  const listeners: { step: Conversation; listener: Listener }[] = []
  for (const step of act.steps) {
    const what = describeStep(step)
    onStep(what)
    switch (step.kind) {
      case 'exec':
        checkEffect(step, await container.exec(step.argv, step), what)
        break
      case 'host':
        checkEffect(step, await container.onHost(step.argv), what)
        break
      case 'listen': {
        const listener = await container.listen(step.address, step.port, step.text)
        listeners.push({ step, listener })
        break
      }
      case 'call':
        checkHeard(step, await container.call(step.address, step.port, step.text))
        break
      case 'entrypoint': {
        const ended = within(entrypointMsMax, container.ended, () => 'the entrypoint')
        checkEffect(step, await ended, what)
        break
      }
    }
  }
  for (const { step, listener } of listeners) checkHeard(step, await listener.received())
}

/** One line that says what a step does. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'exec':
      return `${step.user ?? 'root'}${step.tty ? ' on a terminal' : ''}: ${shellWords(step.argv)}`
    case 'host':
      return `on the host: ${shellWords(step.argv)}`
    case 'listen':
      return `outside, somebody waits on ${step.address}:${step.port}`
    case 'call':
      return `outside, somebody calls ${step.address}:${step.port}`
    case 'entrypoint':
      return 'the entrypoint comes to its end'
  }
}

function checkEffect(effect: Effect, result: Result, what: string): void {
  const output = result.stdout + result.stderr
  if (result.code !== effect.code) {
    throw new LabError(`${what}: expected code ${effect.code}, found ${result.code}: ${output}`)
  }
  if (effect.prints === undefined || output.includes(effect.prints)) return
  throw new LabError(`${what}: expected output with ${effect.prints}, found ${output}`)
}

function checkHeard({ address, port, receives = '' }: Conversation, heard: string): void {
  if (heard.includes(receives)) return
  throw new LabError(`${address}:${port}: expected somebody to hear ${receives}, he heard ${heard}`)
}

function shellWords(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
}
