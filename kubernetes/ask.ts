/** Questions to the API server that have one short answer each: for commands, not for an agent. */
import type { Json } from '@bulwark/schema'
import { asObject, asText, parseJson } from '@bulwark/schema'
import { limits } from './limits.ts'
import type { ApiAccess } from './access.ts'
import type { ApiBody } from './client.ts'
import { ApiClient, ApiFault } from './client.ts'
import type { Clock } from './clock.ts'
import { machineClock } from './clock.ts'

const times = {
  headMsMax: limits.apiListSilentMsMax,
  silentMsMax: limits.apiListSilentMsMax,
  msMax: limits.apiListMsMax,
}

export class ApiAsker {
  readonly #client: ApiClient
  readonly #stop = new AbortController()

  constructor(access: ApiAccess, clock: Clock = machineClock) {
    this.#client = new ApiClient(access, clock)
  }

  /** Its address. */
  get place(): string {
    return this.#client.place
  }

  /**
   * Asks once.
   *
   * @returns the object of the answer
   * @throws ApiFault  there is no answer, one that is no success, too long, or no object
   */
  async ask(path: string, body?: ApiBody): Promise<Json> {
    const parts: Buffer[] = []
    let bytes = 0
    const take = (part: Buffer): void => {
      bytes += part.length
      if (bytes > limits.apiAnswerBytesMax) {
        throw new ApiFault(`the answer has more than ${limits.apiAnswerBytesMax} bytes`)
      }
      parts.push(part)
    }
    await this.#client.get(path, times, take, this.#stop.signal, body ? { body } : {})
    const answer = asObject(parseJson(Buffer.concat(parts).toString('utf8')))
    if (!answer || Array.isArray(answer)) throw new ApiFault('the answer is no JSON object')
    return answer
  }

  /**
   * All objects of a list, page by page.
   *
   * @throws ApiFault  as `ask`; or the list has no end
   */
  async list(path: string): Promise<readonly Json[]> {
    const objects: Json[] = []
    let more = ''
    for (let pages = 0; pages < limits.apiPagesMax; pages++) {
      const query = new URLSearchParams({ limit: String(limits.apiShortPageMax), continue: more })
      if (more === '') query.delete('continue')
      const page = await this.ask(`${path}${path.includes('?') ? '&' : '?'}${query.toString()}`)
      const items: unknown = page['items']
      if (!Array.isArray(items)) throw new ApiFault('the answer is no list')
      for (const item of items) objects.push(asObject(item) ?? {})
      more = asText(asObject(page['metadata'])?.['continue']) ?? ''
      if (more === '') return objects
    }
    throw new ApiFault('the list has no end')
  }

  /** Ends the connections. */
  close(): void {
    this.#stop.abort()
    this.#client.close()
  }
}
