/** A source of pods that listens to the lab's API server, and all that it told. */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NamespaceFacts, PodFacts, PodSourceOptions } from '@bulwark/agent'
import { PodSource } from '@bulwark/agent'
import type { ApiAccess, ApiPlace } from '@bulwark/kubernetes'
import type { ApiServer, NewObject } from '@bulwark/tools'

/** Nobody waits for a test longer than it takes. */
const quick = {
  pauseMin: 5,
  pauseMax: 50,
  watchSound: 40,
  watchSilent: 10_000,
  listSilent: 10_000,
  absent: 20,
  relist: 3_600_000,
}
export const quickTimes = quick

const untilMsMax = 60_000

export const accessTo = (server: ApiServer, more: Partial<ApiAccess> = {}): ApiAccess => ({
  server: new URL(server.url),
  authorities: undefined,
  insecure: false,
  serverName: undefined,
  clientCert: undefined,
  clientKey: undefined,
  token: undefined,
  ...more,
})

export class Heard {
  readonly source: PodSource
  readonly pods = new Map<string, PodFacts>()
  readonly namespaces = new Map<string, NamespaceFacts>()
  readonly counts = new Map<ApiPlace, number>()
  readonly log: string[] = []
  /** How often something was told. */
  told = 0

  constructor(server: ApiServer, options: Partial<PodSourceOptions> = {}) {
    this.source = new PodSource({
      access: accessTo(server),
      node: 'node-a',
      times: quick,
      random: () => 0,
      count: (place) => this.counts.set(place, this.count(place) + 1),
      log: (line) => this.log.push(line),
      tell: ({ pods, podsGone, namespaces, namespacesGone }) => {
        this.told++
        for (const pod of pods) this.pods.set(pod.uid, pod)
        for (const uid of podsGone) this.pods.delete(uid)
        for (const namespace of namespaces) this.namespaces.set(namespace.name, namespace)
        for (const name of namespacesGone) this.namespaces.delete(name)
      },
      ...options,
    })
  }

  count(place: ApiPlace): number {
    return this.counts.get(place) ?? 0
  }

  /** Names of the pods that are known, in order. */
  get names(): readonly string[] {
    return [...this.pods.values()].map(({ name }) => name).sort()
  }

  /** A label of a pod by its name. */
  label(name: string, key: string): string | undefined {
    const pod = [...this.pods.values()].find((each) => each.name === name)
    return pod?.labels.find(([each]) => each === key)?.[1]
  }

  /** Resolves when something holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (const end = Date.now() + untilMsMax; !holds(); await nextTurn()) {
      if (Date.now() < end) continue
      const seen = [this.names.join(' '), JSON.stringify([...this.counts]), ...this.log]
      assert.fail(`${what}: not within ${untilMsMax} ms\n${seen.join('\n')}`)
    }
  }
}

/** A pod as a test needs it. */
export const podOf = (
  name: string,
  labels: Readonly<Record<string, string>> = {},
  nodeName = 'node-a',
): NewObject => ({
  metadata: { name, namespace: 'default', labels },
  spec: { nodeName, serviceAccountName: 'web', containers: [{ name: 'app', image: 'app:1' }] },
  status: { phase: 'Running' },
})
