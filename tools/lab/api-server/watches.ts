/** The watches that clients of the lab's API server have open. */
import type { ServerResponse } from 'node:http'
import { status } from './discovery.ts'
import type { Selects } from './selectors.ts'
import type { Change, Json, KubeObject, Resource, Store } from './store.ts'
import { idOf } from './store.ts'

/** What a client asks for. */
export interface WatchRequest {
  readonly resource: Resource
  readonly selects: Selects
  /** As what an object is told. */
  readonly form: (object: KubeObject) => Json
  /** Changes after it; 0: all that there is now, as if it was just made. */
  readonly version: number
  readonly bookmarks: boolean
  readonly seconds: number | undefined
}

/** The event that a client sees, whose selector sees the object before, after, both or not. */
const eventOf = (
  { before, object, isGone }: Change,
  { selects, form }: WatchRequest,
): Json | undefined => {
  const was = before !== undefined && selects(before)
  const is = !isGone && selects(object)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: form(object) }
  return was ? { type: 'DELETED', object: form(object) } : undefined
}

const gone = (from: number, knownFrom: number): Json => ({
  type: 'ERROR',
  object: status(410, 'Expired', `too old resource version: ${from} (${knownFrom})`),
})

interface Open {
  readonly request: WatchRequest
  readonly response: ServerResponse
  readonly end: () => void
  /** Something was not written: nothing is any more, since what follows would hide that. */
  isStalled: boolean
}

/** Calls a function after some milliseconds, unless that is taken back. */
export type After = (ms: number, call: () => void) => { close(): unknown }

/** The machine's clock. */
export const byMachine: After = (ms, call) => setTimeout(call, ms).unref()

export class Watches {
  readonly #store: Store
  readonly #after: After
  readonly #bookmarkMs: number | undefined
  readonly #open = new Set<Open>()
  /** Connections stall: nothing is written, and what happens waits for the next watch. */
  isSilent = false
  /** A watch ends without a word, as from a version that is too old where there is no cache. */
  endsAtOnce = false
  /** How many there ever were. */
  started = 0

  /** What happened before this version no watch is told any more, though lists may know it. */
  #knownFrom = 0

  constructor(store: Store, after: After, bookmarkMs?: number) {
    this.#store = store
    this.#after = after
    this.#bookmarkMs = bookmarkMs
    store.listen((change) => {
      for (const each of this.#open) {
        // Who watches from a version that is not reached hears nothing until it is.
        if (change.version > each.request.version) this.#write(each, this.#eventFor(each, change))
      }
    })
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size
  }

  start(request: WatchRequest, response: ServerResponse): void {
    this.started++
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (this.endsAtOnce) {
      response.end()
      return
    }
    const timer =
      request.seconds === undefined ? undefined : this.#after(request.seconds * 1000, () => end())
    let bookmarks: ReturnType<After> | undefined
    const end = (): void => {
      timer?.close()
      bookmarks?.close()
      this.#open.delete(open)
      response.end()
    }
    const open: Open = { request, response, end, isStalled: false }
    response.on('close', end)
    const { version, resource } = request
    const knownFrom = Math.max(this.#knownFrom, this.#store.knownFrom)
    if (version !== 0 && version < knownFrom) {
      this.#write(open, gone(version, knownFrom))
      end()
      return
    }
    this.#open.add(open)
    const bookmarkLater = (): void => {
      if (this.#bookmarkMs === undefined) return
      bookmarks = this.#after(this.#bookmarkMs, () => {
        this.#bookmark(open)
        bookmarkLater()
      })
    }
    bookmarkLater()
    if (version === 0) {
      for (const object of this.#store.list(idOf(resource))) {
        if (request.selects(object))
          this.#write(open, { type: 'ADDED', object: request.form(object) })
      }
    }
    const missed = version === 0 ? [] : this.#store.since(version)
    for (const change of missed) this.#write(open, this.#eventFor(open, change))
  }

  #eventFor({ request }: Open, change: Change): Json | undefined {
    return change.resource === idOf(request.resource) ? eventOf(change, request) : undefined
  }

  #write(open: Open, event: Json | undefined): void {
    if (!event) return
    open.isStalled ||= this.isSilent
    if (!open.isStalled) open.response.write(`${JSON.stringify(event)}\n`)
  }

  /** As after a start: the server has its objects, and does not know what happened to them. */
  forget(): void {
    this.#knownFrom = this.#store.version
    this.end()
  }

  /** Tells all who want it how far the store is, as a real server does each minute. */
  bookmark(): void {
    for (const open of this.#open) this.#bookmark(open)
  }

  #bookmark(open: Open): void {
    if (!open.request.bookmarks || this.#store.version < open.request.version) return
    const { form, resource } = open.request
    const { apiVersion, kind } = resource
    const resourceVersion = String(this.#store.version)
    const metadata = { resourceVersion, creationTimestamp: null } as const
    // It has no name, nor anything else that objects have.
    const object = { kind, apiVersion, metadata } as unknown as KubeObject
    this.#write(open, { type: 'BOOKMARK', object: form(object) })
  }

  /** Writes something to all, whatever it is. */
  say(text: string): void {
    for (const { response } of this.#open) response.write(text)
  }

  /** Ends all, as a server does now and again. */
  end(): void {
    for (const { end } of this.#open) end()
  }
}
