/** Whether what a capture says of pods is what the agent keeps of them. Pure. */
import type { Workload } from '@bulwark/schema'
import type { NamespaceFacts, PodChanges, PodContainer, PodFacts } from '../container/pod.ts'

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isSwitch: Check = (value) => typeof value === 'boolean'
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
/** One check for each member of a shape. */
const shape =
  <Shape>(checks: Readonly<Record<keyof Shape, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries<Check>(checks).every(([name, check]) =>
      check((value as Readonly<Record<string, unknown>>)[name]),
    )

const isLabel: Check = (value) => Array.isArray(value) && value.length === 2 && value.every(isText)

const isContainer = shape<PodContainer>({
  name: isText,
  role: isText,
  image: maybe(isText),
  imageId: maybe(isText),
  imageDigest: maybe(isText),
  ids: listOf(isText),
})

const isPod = shape<PodFacts>({
  uid: isText,
  staticUid: maybe(isText),
  name: isText,
  namespace: isText,
  labels: listOf(isLabel),
  labelsCut: maybe(isSwitch),
  workload: maybe(shape<Workload>({ kind: isText, name: isText })),
  serviceAccount: maybe(isText),
  ip: maybe(isText),
  hostNetwork: isSwitch,
  hostPid: isSwitch,
  hostIpc: isSwitch,
  containers: listOf(isContainer),
})

const isNamespace = shape<NamespaceFacts>({
  name: isText,
  uid: isText,
  labels: listOf(isLabel),
  labelsCut: maybe(isSwitch),
})

export const isPodChanges: Check = shape<PodChanges>({
  pods: listOf(isPod),
  podsGone: listOf(isText),
  namespaces: listOf(isNamespace),
  namespacesGone: listOf(isText),
})
