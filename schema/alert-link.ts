/**
 * Alerts between an agent and the server: a POST of lines of JSON (`application/x-ndjson`), or of
 * an array (`application/json`), and its answer. An alert is the line that the agent writes, with
 * all its keys, and whom it is about. A key may be added; none is taken away or given another
 * meaning.
 */

/** Where alerts are posted. */
export const alertsPath = '/api/v1/alerts'

/** Whom an alert is about. What is not there is not known. */
export interface LinkSubject {
  readonly namespace?: string
  readonly pod?: string
  /** Name of the container in its pod. */
  readonly container?: string
  /** `sha256:…`, of the manifest. */
  readonly image_digest?: string
  /** Of the process, then of those above it in the container. */
  readonly programs: readonly {
    readonly executable: string
    /** argv[0], then the rest. */
    readonly arguments: readonly string[]
    readonly directory: string
  }[]
  readonly outcome: 'done' | 'failed' | 'unknown'
  readonly act?: {
    readonly type: string
    readonly files: readonly string[]
    readonly is_write: boolean
    readonly peer?: { readonly address: string; readonly port: number; readonly protocol?: string }
  }
}

/** An alert as it is sent. One that is sent again has the same `uuid`, and is told once. */
export interface LinkAlert {
  readonly uuid: string
  readonly rule: string
  readonly priority: string
  readonly source: string
  /** Alerts about Bulwark itself have none. */
  readonly tags?: readonly string[]
  readonly hostname: string
  /** UTC, ISO 8601 with nanoseconds. */
  readonly time: string
  readonly message: string
  readonly output: string
  readonly output_fields: Readonly<Record<string, unknown>>
  readonly bulwark: {
    readonly container_id: string | null
    readonly from_user_memory: boolean
    readonly pid: number
    readonly pod_uid: string | null
    readonly policy?: string
    readonly scope_unknown?: boolean
    readonly truncated: readonly string[]
  }
  readonly subject?: LinkSubject
}

/** An alert that the server will not have. */
export interface RefusedAlert {
  /** Its place in the request, from 0; of lines those that are not empty count. */
  readonly at: number
  /** `null`: it has none that could be read. */
  readonly uuid: string | null
  /** Where in it, and what is wrong. */
  readonly reason: string
}

/** What became of a request's alerts; each is in one of the three numbers. */
export interface LinkAnswer {
  readonly accepted: number
  /** They had come before. */
  readonly repeated: number
  readonly refused: number
  /** The first of those that were refused. */
  readonly reasons: readonly RefusedAlert[]
}
