/** Whether the cluster's network plug-in enforces policies, by the pods that plug-ins run. */
import type { Pod } from '../objects/pod.ts'
import type { PodSpec } from '../objects/podspec.ts'
import type { Enforced } from './verdict.ts'

interface Engine {
  readonly name: string
  /** The last part of its image's name. */
  readonly image: RegExp
  /** `undefined`: some of its versions and settings do. */
  readonly enforces: Enforced
}

const engines: readonly Engine[] = [
  { name: 'Calico', image: /^(?:calico-)?node$|^calico-node/, enforces: true },
  { name: 'Cilium', image: /^cilium(?:-ci|-dev)?$/, enforces: true },
  { name: 'GKE Dataplane V2', image: /^anetd$/, enforces: true },
  { name: 'Antrea', image: /^antrea-(?:agent|ubuntu|ubi|debian)/, enforces: true },
  { name: 'Weave Net', image: /^weave-npc$/, enforces: true },
  { name: 'kube-router', image: /^kube-router$/, enforces: true },
  { name: 'OVN-Kubernetes', image: /^ovn-?kube/, enforces: true },
  {
    name: 'the AWS network policy agent',
    image: /^(?:aws-)?(?:amazon-)?(?:aws-)?network-policy-agent$/,
    enforces: true,
  },
  { name: 'Azure NPM', image: /^azure-npm$/, enforces: true },
  { name: 'kube-network-policies', image: /^(?:kube-)?network-policies$/, enforces: true },
  { name: 'kindnet', image: /^kindnetd$/, enforces: undefined },
  { name: 'Flannel', image: /^flannel$/, enforces: false },
]

/** `registry/calico/node:v3@sha256:…` as `node`; of Calico, its folder decides too. */
const imageNameOf = (image: string): string => {
  const path = image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
  const parts = path.split('/')
  const last = parts.at(-1) ?? ''
  return last === 'node' && parts.at(-2) !== 'calico' ? '' : last
}

const enginesOf = (spec: PodSpec): readonly Engine[] =>
  spec.hostNetwork
    ? engines.filter(({ image }) =>
        spec.containers.some((container) => image.test(imageNameOf(container.image))),
      )
    : []

export class Engines {
  readonly #counts = new Map<Engine, number>()
  readonly #ofSpec = new WeakMap<PodSpec, readonly Engine[]>()

  constructor(pods: Iterable<Pod>) {
    for (const pod of pods) this.#count(pod, 1)
  }

  /** Whether an engine came or went. */
  onPod(before: Pod | undefined, after: Pod | undefined): boolean {
    const isNew = after !== undefined && this.#count(after, 1)
    const isGone = before !== undefined && this.#count(before, -1)
    return isNew || isGone
  }

  #count(pod: Pod, by: 1 | -1): boolean {
    if (pod.isOver) return false
    let found = this.#ofSpec.get(pod.spec)
    if (!found) this.#ofSpec.set(pod.spec, (found = enginesOf(pod.spec)))
    let hasChanged = false
    for (const engine of found) {
      const count = (this.#counts.get(engine) ?? 0) + by
      if (count > 0) this.#counts.set(engine, count)
      else this.#counts.delete(engine)
      if (count === 0 || (count === 1 && by === 1)) hasChanged = true
    }
    return hasChanged
  }

  enforced(): { readonly is: Enforced; readonly by: string } {
    const found = engines.filter((engine) => this.#counts.has(engine))
    const by = (is: Enforced): readonly string[] =>
      found.filter(({ enforces }) => enforces === is).map(({ name }) => name)
    if (by(true).length > 0) return { is: true, by: by(true).join(', ') }
    if (by(undefined).length > 0) return { is: undefined, by: by(undefined).join(', ') }
    return by(false).length > 0
      ? { is: false, by: by(false).join(', ') }
      : { is: undefined, by: '' }
  }
}
