/**
 * Lists what an API server has, once: which kinds it knows, and all objects of one, page by page.
 * Nothing is watched or kept.
 */
import { asObject, asText, parseJson } from '@bulwark/schema'
import type { Json } from '@bulwark/schema'
import { limits } from './limits.ts'
import type { ApiAccess } from './access.ts'
import { ApiAsker } from './ask.ts'
import { ApiClient, ApiFault } from './client.ts'
import type { Clock } from './clock.ts'
import { machineClock } from './clock.ts'
import { JsonItems } from './json-items.ts'
import { namesForms, namesKind } from './names-only.ts'

/** A kind that the server can list. */
export interface ListedResource {
  /** `apps/v1`, `v1` */
  readonly groupVersion: string
  readonly kind: string
  /** `/apis/apps/v1/deployments` */
  readonly path: string
}

export interface ListOptions {
  /** Asks for names, labels and annotations alone; a server that gives more is not believed. */
  readonly namesOnly: boolean
  /** Called with each object; `undefined`: one that is none, or is too large. */
  readonly onObject: (object: Json | undefined) => void
}

/** A page of a list cannot go on: it took too long. How often the list begins again. */
const goneStatus = 410
const triesMax = 3

const times = {
  headMsMax: limits.apiListSilentMsMax,
  silentMsMax: limits.apiListSilentMsMax,
  msMax: limits.apiListMsMax,
}

export class ApiLister {
  readonly #asker: ApiAsker
  readonly #client: ApiClient
  readonly #signal: AbortSignal

  constructor(access: ApiAccess, signal: AbortSignal, clock: Clock = machineClock) {
    this.#asker = new ApiAsker(access, clock)
    this.#client = new ApiClient(access, clock)
    this.#signal = signal
  }

  /** The server's address, without what may be a secret in it. */
  get place(): string {
    return this.#client.place
  }

  close(): void {
    this.#asker.close()
    this.#client.close()
  }

  /**
   * What is at a path, whole.
   *
   * @throws ApiFault  there is no answer, or one that is no success or no object
   */
  async get(path: string): Promise<Json> {
    return await this.#asker.ask(path)
  }

  /**
   * The kinds of a group's version that can be listed.
   *
   * @param groupVersion  `v1`, `apps/v1`
   * @throws ApiFault  as `get`
   */
  async resources(groupVersion: string): Promise<readonly ListedResource[]> {
    const base = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`
    const { resources } = await this.get(base)
    return (Array.isArray(resources) ? resources : []).flatMap((each: unknown) => {
      const resource = asObject(each)
      const [name, kind] = [asText(resource?.['name']), asText(resource?.['kind'])]
      const verbs: unknown = resource?.['verbs']
      const isListed = Array.isArray(verbs) && verbs.includes('list')
      if (name === undefined || kind === undefined || !isListed || name.includes('/')) return []
      return [{ groupVersion, kind, path: `${base}/${name}` }]
    })
  }

  /**
   * All objects of a kind, in pages. When a list must begin again, objects come twice.
   *
   * @throws ApiFault  as `get`
   */
  async list({ path, kind }: ListedResource, options: ListOptions): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#pages(path, kind, options)
        return
      } catch (error) {
        const isGone = error instanceof ApiFault && error.status === goneStatus
        if (!isGone || tries === triesMax) throw error
      }
    }
  }

  async #pages(path: string, kind: string, options: ListOptions): Promise<void> {
    let more = ''
    for (let pages = 0; pages < limits.apiPagesMax; pages++) {
      more = await this.#page(path, kind, more, options)
      if (more === '') return
    }
    throw new ApiFault(`the list of ${path} has no end`)
  }

  /** @returns where the list goes on; empty at its end */
  async #page(
    path: string,
    kind: string,
    more: string,
    { namesOnly, onObject }: ListOptions,
  ): Promise<string> {
    const items = new JsonItems(limits.apiObjectBytesMax, (text) => {
      const object = text === undefined ? undefined : asObject(parseJson(text))
      onObject(object && !Array.isArray(object) ? object : undefined)
    })
    const query = new URLSearchParams({ limit: String(limits.apiPageMax) })
    if (more !== '') query.set('continue', more)
    const feed = (chunk: Buffer): void => items.feed(chunk)
    const form = namesOnly ? { accept: namesForms.list } : {}
    await this.#client.get(`${path}?${query.toString()}`, times, feed, this.#signal, form)
    const list = asObject(parseJson(items.envelope ?? ''))
    const kinds = [`${kind}List`, `${namesKind.kind}List`]
    if (!list || !kinds.includes(asText(list['kind']) ?? '')) {
      throw new ApiFault(`what ${path} answers is no ${kind}List`)
    }
    return asText(asObject(list['metadata'])?.['continue']) ?? ''
  }
}
