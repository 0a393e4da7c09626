/**
 * Which files run in containers, as an agent tells it to whoever judges alerts: in one process, or
 * in the body of a POST to the server. Names are lower case with underscores, as in alerts. A key
 * may be added; none is taken away or given another meaning.
 */

/** A file, the first time that it was seen to run in a container. */
export interface UsedFile {
  /** As the process sees it. */
  readonly path: string
  /** `running`: it was in the memory of a process when the agent first looked. */
  readonly use: 'executed' | 'mapped' | 'running'
  /** Name of the process. */
  readonly by: string
  /** Milliseconds since 1970; of `running` when it was found. */
  readonly since_ms: number
}

/** A container of the agent's node, and what is new of it since the last report. */
export interface ContainerUsage {
  /** The runtime's id of it. */
  readonly id: string
  /** Its pod, and its name there; empty: not known. */
  readonly namespace: string
  readonly pod: string
  readonly container: string
  /** Digests by which its image is known, `sha256:…`; none where the runtime does not say. */
  readonly image_digests: readonly string[]
  /** From when on every file that runs in it was heard of, milliseconds since 1970; `null`: not
   * yet, since what ran before is being looked at. */
  readonly watched_since_ms: number | null
  /** When a file that ran may not have been told, the last time; `null`: never. */
  readonly missed_ms: number | null
  /** It has ended: this is the last of it. */
  readonly ended: boolean
  readonly files: readonly UsedFile[]
}

/** What an agent tells at a time. */
export interface UsageReport {
  readonly node: string
  /** Until when it is true, milliseconds since 1970. */
  readonly time_ms: number
  /** Those of which something is new; all, the first time and after a report was lost. */
  readonly containers: readonly ContainerUsage[]
  /** It is such a first one, or the begin of one that has no room in a report. Who is told news of
   * a node that it knows nothing of answers 409, and is told all. */
  readonly from_start?: boolean
}

/** Where reports are posted, as `application/json`. */
export const usagePath = '/api/v1/usage'

/** Bounds of a report; what goes over one is in the next. A path is no longer than the kernel's. */
export const usageLimits = {
  containersMax: 4_096,
  filesMax: 16_384,
  /** Of all paths: a report is less than the server takes, whatever JSON makes of their letters. */
  pathCharsMax: 512 * 1024,
  digestsMax: 8,
} as const
