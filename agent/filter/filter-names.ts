/**
 * The names that filters know by what the agent has found for them outside the records: users of
 * the host, and host names. A filter that goes by others than the agent does would drop too much.
 */
import type { KernelFacts } from '@bulwark/policy'
import type { Resolver } from '../network/resolver.ts'
import { hostNamesStamp, hostUsers } from '../users.ts'

export class FilterNames {
  readonly #resolver: Pick<Resolver, 'steady' | 'changes'> | undefined

  /** @param resolver  without one, nothing is known of host names */
  constructor(resolver?: Pick<Resolver, 'steady' | 'changes'>) {
    this.#resolver = resolver
  }

  /**
   * Another value when what they stand for may have changed.
   *
   * @param hostNames  as `hostNamesStamp` has it now, for whoever has asked already
   */
  stamp(hostNames = hostNamesStamp()): string {
    return `${hostNames}, ${this.#resolver?.changes ?? 0}`
  }

  /** What they stand for now. */
  facts(): Pick<KernelFacts, 'hostUsers' | 'hostAddresses'> {
    const addresses = this.#resolver?.steady
    return { hostUsers: hostUsers(), ...(addresses ? { hostAddresses: addresses } : {}) }
  }
}
