/**
 * Pods and namespaces out of files, in place of an API server: what
 * `kubectl get pods,ns -A -o json` wrote. Bad input, as all that comes from outside: what in it is
 * no pod is left out, and told.
 */
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AccessError, JsonItems, apiLimits } from '@bulwark/kubernetes'
import type { Json } from '@bulwark/schema'
import { asObject, asText, parseJson, reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { NamespaceFacts, PodChanges, PodFacts } from '../container/pod.ts'
import { readNamespace, readPod } from './objects.ts'

/** What was read, and what was not. */
export interface Dump {
  readonly changes: PodChanges
  /** Objects, or parts of them, that were left out: the first of each sort. */
  readonly flaws: readonly string[]
}

export interface DumpOptions {
  /** Takes the pods of one node alone. */
  readonly node?: string | undefined
  /** What is neither a Pod nor a Namespace is passed over, and not told. */
  readonly passOthers?: boolean
}

class Reader {
  readonly pods = new Map<string, PodFacts>()
  readonly namespaces = new Map<string, NamespaceFacts>()
  readonly flaws = new Set<string>()
  readonly #options: DumpOptions

  constructor(options: DumpOptions) {
    this.#options = options
  }

  flaw(text: string): void {
    if (this.flaws.size < apiLimits.apiSaidMax) this.flaws.add(text)
  }

  /** @param listKind  of items that do not say theirs */
  object(file: string, object: Json, listKind: string): void {
    const onFlaw = (flaw: string): void => this.flaw(`${file}: ${flaw}`)
    switch (asText(object['kind']) ?? listKind) {
      case 'Pod': {
        const { node } = this.#options
        if (node !== undefined && asObject(object['spec'])?.['nodeName'] !== node) return
        const pod = readPod(object, onFlaw)
        if (pod) this.#put(file, this.pods, pod.uid, pod, limits.podsMax)
        return
      }
      case 'Namespace': {
        const namespace = readNamespace(object, onFlaw)
        if (!namespace) return
        this.#put(file, this.namespaces, namespace.name, namespace, limits.namespacesMax)
        return
      }
      default:
        if (this.#options.passOthers !== true) onFlaw('an object is neither a Pod nor a Namespace')
    }
  }

  #put<Value>(
    file: string,
    all: Map<string, Value>,
    key: string,
    value: Value,
    sizeMax: number,
  ): void {
    if (all.size < sizeMax || all.has(key)) all.set(key, value)
    else this.flaw(`${file}: more than ${sizeMax} of a kind: the rest is left out; give --node`)
  }

  async file(path: string, name: string): Promise<void> {
    /** Items that do not say their kind: their list does, perhaps behind them. */
    const unnamed: Json[] = []
    const items = new JsonItems(apiLimits.apiObjectBytesMax, (text) => {
      const object = text === undefined ? undefined : asObject(parseJson(text))
      if (object && asText(object['kind']) === undefined) unnamed.push(object)
      else if (object) this.object(name, object, '')
      else
        this.flaw(
          `${name}: an item is no object, or has more than ${apiLimits.apiObjectBytesMax} bytes`,
        )
    })
    for await (const chunk of createReadStream(path)) items.feed(chunk as Buffer)
    const list = asObject(parseJson(items.envelope ?? ''))
    if (!list) throw new AccessError(`${path} is no JSON of Kubernetes`)
    const kind = asText(list['kind']) ?? ''
    if (Array.isArray(list['items'])) {
      for (const object of unnamed) this.object(name, object, kind.replace(/List$/, ''))
    } else this.object(name, list, '')
  }
}

/**
 * Reads the `*.json` files of a folder: a List each, or one object.
 *
 * @throws AccessError  the folder or a file cannot be read, is no JSON, or there is none
 */
export const readDump = async (folder: string, options: DumpOptions = {}): Promise<Dump> => {
  const reader = new Reader(options)
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
    if (names.length === 0) throw new AccessError(`${folder} has no *.json`)
    for (const name of names.sort()) await reader.file(join(folder, name), name)
  } catch (error) {
    if (error instanceof AccessError) throw error
    throw new AccessError(reasonOf(error, folder))
  }
  const { pods, namespaces, flaws } = reader
  return {
    changes: {
      pods: [...pods.values()],
      podsGone: [],
      namespaces: [...namespaces.values()],
      namespacesGone: [],
    },
    flaws: [...flaws],
  }
}
