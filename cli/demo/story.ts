/** What the demo performs, and how it tells what came of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Alert } from '@bulwark/agent'
import type { DemoPod } from './bundle.ts'
import { serverArchive, serverProgram } from './bundle.ts'
import { wrap } from '../wrap.ts'

/** The same in both. What comes behind it keeps the shell above from becoming it. */
const shell = ['/bin/sh', '-c', 'id; true']

export interface Act {
  /** `NAMESPACE/NAME` up to the hash behind it. */
  readonly pod: string
  readonly text: readonly string[]
  readonly argv: readonly string[]
}

export const introduction: readonly string[] = [
  'Two containers start on this machine, as two pods of a small web shop (three namespaces, three',
  'nodes; `bulwark graph` can be asked about it). In both the same shell is opened, on a terminal:',
  '',
  `  ${shell.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')}`,
]

export const acts: readonly Act[] = [
  {
    pod: 'shop-prod/web-',
    text: [
      'shop-prod/web: the web server of the shop. A stand-in for its Java program opens the shell,',
      'as it does when somebody uses a hole in it.',
    ],
    argv: [
      serverProgram,
      '-c',
      `${shell.map((word) => `'${word}'`).join(' ')}; true`,
      serverArchive,
    ],
  },
  {
    pod: 'shop-dev/debug',
    text: [
      "shop-dev/debug: a developer's pod. The developer opens the shell, as `kubectl exec -it`.",
    ],
    argv: shell,
  },
]

export const endText: readonly string[] = [
  '',
  'The rule was the same, and so was what it saw. The difference is in the objects of the cluster:',
  '  bulwark graph paths --from internet --from-files DIR     how the cluster could be taken over',
  '  bulwark graph pod NAMESPACE/NAME --from-files DIR        what the context of a pod is',
  '  bulwark run --from-files DIR                             alerts with their context',
]

interface PodObject {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string }
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly image: string }[]
  }
}

/** The pods of the acts, by what the acts call them. */
export const podsOf = (folder: string): ReadonlyMap<string, DemoPod> => {
  const { items } = JSON.parse(readFileSync(join(folder, 'pods.json'), 'utf8')) as {
    readonly items: readonly PodObject[]
  }
  const found = new Map<string, DemoPod>()
  for (const { metadata, spec } of items) {
    const { namespace, name, uid } = metadata
    const act = acts.find(({ pod }) => `${namespace}/${name}`.startsWith(pod))
    const [first] = spec.containers
    if (!act || !first || found.has(act.pod)) continue
    found.set(act.pod, { namespace, name, uid, container: first.name, image: first.image })
  }
  return found
}

interface ContextJson {
  readonly severity: string
  readonly detection: string
  readonly suppressed_by?: {
    readonly name: string
    readonly reason: string
    readonly source: string
  }
  readonly factors: readonly {
    readonly direction: 'raise' | 'lower' | 'note'
    readonly weight: number
    readonly text: string
  }[]
  readonly path?: { readonly from: string; readonly to: string; readonly steps: readonly unknown[] }
}

const signed = ({ direction, weight }: ContextJson['factors'][number]): string => {
  if (weight === 0) return '0'
  return direction === 'lower' ? `-${weight}` : `+${weight}`
}

/** What became of an alert, with the reasons. */
export const verdictLines = ({ rule, bulwark }: Alert): readonly string[] => {
  const context = bulwark.context as ContextJson | undefined
  if (!context) return [`  ${rule}: it was not judged`]
  const { severity, detection, suppressed_by: by, factors, path } = context
  const verdict = by ? `suppressed by ${by.name}: ${by.reason}` : severity.toUpperCase()
  return [
    `  → ${verdict}`,
    `    the rule alone (${rule}): ${detection}` + (by ? `; in its context: ${severity}` : ''),
    ...factors.flatMap((factor) =>
      wrap(factor.text, 90).map(
        (line, at) => `    ${(at === 0 ? signed(factor) : '').padStart(4)}  ${line}`,
      ),
    ),
    ...(path ? [`    it lies on a way to ${path.to}, ${path.steps.length} edges long`] : []),
  ]
}
