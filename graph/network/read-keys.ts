/**
 * What policies read of pods: keys of labels, names of ports, blocks of addresses. Counted, so that
 * what no policy reads any more is forgotten. Pods that are equal in all of it are one to each
 * policy.
 */
import type { Selector } from '@bulwark/schema'
import { AddressClasses } from './address-classes.ts'
import type { AdminPolicy, IpBlock, NetworkPolicy, PolicyRule } from './policy.ts'

/** Things, and how often each is wanted. */
class Counted<Value> {
  readonly values = new Map<string, Value>()
  readonly #counts = new Map<string, number>()

  /** Whether what there is has changed by it. */
  add(key: string, value: Value, by: 1 | -1): boolean {
    const count = (this.#counts.get(key) ?? 0) + by
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
    if (count > 0 && this.values.has(key)) return false
    if (count > 0) this.values.set(key, value)
    else this.values.delete(key)
    return true
  }
}

/** Whose pods must be looked at anew. */
export type Effect = 'nothing' | 'namespace' | 'all'

const keysOf = (selector: Selector): readonly string[] => selector.map(({ key }) => key)

export class ReadKeys {
  readonly #everywhere = new Counted<true>()
  readonly #byNamespace = new Map<string, Counted<true>>()
  readonly #portNames = new Counted<true>()
  readonly #blocks = new Counted<IpBlock>()
  #addresses: AddressClasses | undefined

  has(namespace: string, key: string): boolean {
    return (
      this.#everywhere.values.has(key) || this.#byNamespace.get(namespace)?.values.has(key) === true
    )
  }

  hasPortName(name: string): boolean {
    return this.#portNames.values.has(name)
  }

  get hasBlocks(): boolean {
    return this.#blocks.values.size > 0
  }

  addresses(): AddressClasses {
    const blocks = [...this.#blocks.values.values()]
    this.#addresses ??= new AddressClasses(blocks.toSorted((a, b) => (a.text < b.text ? -1 : 1)))
    return this.#addresses
  }

  #local(namespace: string): Counted<true> {
    let local = this.#byNamespace.get(namespace)
    if (!local) this.#byNamespace.set(namespace, (local = new Counted()))
    return local
  }

  addNamespaced(policy: NetworkPolicy, by: 1 | -1): Effect {
    const local = this.#local(policy.namespace)
    let isLocal = false
    for (const key of keysOf(policy.pods)) isLocal = local.add(key, true, by) || isLocal
    const rules = [...(policy.ingress ?? []), ...(policy.egress ?? [])]
    const isWide = this.#addRules(rules, by, local, () => (isLocal = true))
    if (isWide) return 'all'
    return isLocal ? 'namespace' : 'nothing'
  }

  addAdmin(policy: AdminPolicy, by: 1 | -1): Effect {
    let isWide = false
    for (const key of keysOf(policy.pods)) {
      isWide = this.#everywhere.add(key, true, by) || isWide
    }
    const rules = [...policy.ingress, ...policy.egress]
    return this.#addRules(rules, by, this.#everywhere, () => {}) || isWide ? 'all' : 'nothing'
  }

  /** Whether what is read everywhere has changed. */
  #addRules(
    rules: readonly PolicyRule[],
    by: 1 | -1,
    local: Counted<true>,
    onLocal: () => void,
  ): boolean {
    let isWide = false
    for (const { peers, ports } of rules) {
      for (const each of ports ?? []) {
        if (each.is === 'name') isWide = this.#portNames.add(each.name, true, by) || isWide
      }
      for (const peer of peers ?? []) {
        if (peer.is === 'block') {
          if (!this.#blocks.add(peer.block.text, peer.block, by)) continue
          this.#addresses = undefined
          isWide = true
        } else if (peer.is === 'pods') {
          const isOwn = peer.namespaces === undefined
          for (const key of keysOf(peer.pods)) {
            if (!(isOwn ? local : this.#everywhere).add(key, true, by)) continue
            if (isOwn) onLocal()
            else isWide = true
          }
        }
      }
    }
    return isWide
  }
}
