/**
 * The words in which an event record is described. The descriptions are in `events.ts`; from them
 * `tools/generate.ts` writes the C header, the decoder and `docs/events.md`, so that the kernel's
 * side and this side cannot differ. Types only.
 */

import type { Shape } from './calls.ts'

/** Where a value comes from; which backends can give it. */
export type Backend = 'tracepoint' | 'security'

/**
 * The storage of one member of a record.
 *
 * - `u8` to `i64`: little endian, naturally aligned.
 * - `chars`: `count` bytes, NUL padded.
 * - `bytes`: `count` bytes.
 * - `text`: a slot of 8 bytes, u16 offset from the record's start, u16 bytes stored, u32 true
 *   bytes (`TEXT_LENGTH_UNKNOWN` where the kernel could not tell). The bytes follow the fixed part
 *   in the order in which they were written. Cut when the true length is larger than the stored.
 * - `struct`: a shared group of members, by name.
 */
export type Storage =
  | { readonly as: 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'i64' }
  | { readonly as: 'chars' | 'bytes'; readonly count: number }
  | { readonly as: 'text' }
  | { readonly as: 'struct'; readonly name: string }

/** One member of a record or of a shared group. */
export interface Member {
  /** C name, snake case, unit last (`start_ns`). */
  readonly name: string
  readonly storage: Storage
  /** What it is, with its unit; one sentence. */
  readonly meaning: string
  /** Where in the kernel it is read. */
  readonly source: string
  /** What the value is when the event does not have it. */
  readonly absent: string
  /** Backends that carry it; both when not said. */
  readonly backends?: readonly Backend[]
}

/** A group of members that several kinds share, e.g. the facts of a socket. */
export interface Group {
  readonly name: string
  readonly meaning: string
  readonly members: readonly Member[]
}

/**
 * One kernel-side place that produces events: a BPF program and what makes it run.
 *
 * `syscalls`: the program is a handler of the `sys_exit` dispatcher, in its slot for each of these
 * system calls. `shape`: as those, for each wanted call that is told in this shape and is of no
 * other hook. `compat`: in slots of the 32-bit table, when one of these types is wanted; it goes
 * before the program that the name of the number has. `tracepoint`: the program is attached to it
 * directly. `only`: all that it tells of them. `messages`: those of sockets; it is attached when
 * rules ask for what is in those, and not with the types of events. `failures`: calls that failed;
 * it is attached with the types, where a rule can hold on one.
 */
export type Hook =
  | {
      readonly program: string
      readonly syscalls: readonly string[]
      readonly only?: 'messages' | 'failures'
    }
  | { readonly program: string; readonly shape: Shape }
  | {
      readonly program: string
      readonly compat: readonly number[]
      readonly for: readonly string[]
    }
  | { readonly program: string; readonly tracepoint: string }

/** One kind of event: its number on the wire, what produces it, and what it holds. */
export interface EventKind {
  readonly kind: number
  readonly name: string
  readonly meaning: string
  /** Hooks of the tracepoint backend. */
  readonly hooks: readonly Hook[]
  /** Event names of the rule language (`evt.type`) that it stands for. */
  readonly types: readonly string[]
  /** Attached whatever the rules say: the process and container tables live on it. */
  readonly state: boolean
  readonly members: readonly Member[]
}

/** A counter of something that went wrong or was left out, keyed by place. */
export interface Place {
  readonly name: string
  readonly meaning: string
  /** Whether an event was lost by it, or only a part of one. */
  readonly loses: 'event' | 'part'
}
