/** An alert between the agent and whoever judges it: whom it is about, and what is made of it. */

/** What a process runs. Paths are as the container sees them. */
export interface RunProgram {
  readonly executable: string
  /** argv[0], then the rest. */
  readonly programArguments: readonly string[]
  readonly workingDirectory: string
}

/** The end that a process has connected to, or sent something to. */
export interface ActPeer {
  /** As it is printed: `10.0.0.5`, `fd00::5`. */
  readonly address: string
  /** From 1. */
  readonly port: number
  /** `tcp`, `udp`; `undefined`: another, or not known. */
  readonly protocol: string | undefined
}

/** What was done, for those who look for it among the ways of an attacker. */
export interface AlertAct {
  /** Name of the event: `connect`, `setns`. */
  readonly type: string
  /** Files that it is about, as the container sees them: as resolved, then as it was given. */
  readonly files: readonly string[]
  /** A file was opened for writing, or changed by its name. */
  readonly isWrite: boolean
  /** Of addresses only; `undefined`: it is no connection that the process has made. */
  readonly peer: ActPeer | undefined
}

/** What is not known is `undefined`. */
export interface AlertSubject {
  readonly namespace: string | undefined
  readonly podName: string | undefined
  /** Name of the container in its pod. */
  readonly container: string | undefined
  /** Of its image's manifest, `sha256:…`; left out by those who do not know it. */
  readonly imageDigest?: string | undefined
  /** Of the process, then of those above it in the container. */
  readonly programs: readonly RunProgram[]
  /** `failed`: the kernel has refused the call. */
  readonly outcome: 'done' | 'failed' | 'unknown'
  /** Left out by those who do not know it. */
  readonly act?: AlertAct | undefined
}

/** What the context of an alert says of it: JSON as it is written. */
export interface AlertContext {
  /** In one line, for people. */
  readonly summary: string
  readonly [key: string]: unknown
}

/** Why an alert that was told is told again: others that came raise it. */
export interface AlertUpdate {
  /** Its `uuid`. */
  readonly of: string
  /** The `uuid` of the alert that raised it. */
  readonly because: string
  /** Levels of judgements: `low`, `high`. */
  readonly before: string
  readonly severity: string
  /** Sentences without their full stops. */
  readonly reasons: readonly string[]
}
