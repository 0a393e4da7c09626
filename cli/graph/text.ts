/** Answers of the graph for a person who was woken up: a line a step, then why, then what to do. */
import type {
  BlastRadiusAnswer,
  GraphFact,
  GraphFix,
  GraphFixes,
  GraphObject,
  GraphPath,
  GraphStep,
  PathsAnswer,
  WhoCanAnswer,
} from '@bulwark/schema'
import { wrap } from '../wrap.ts'
import { limits } from './limits.ts'

const columns = 100

/** With a place before the first line, and blanks before the others. */
const hung = (head: string, text: string, indent = head.length): readonly string[] =>
  wrap(text, columns - Math.max(head.length, indent)).map((line, at) =>
    at === 0 ? `${head}${line}` : `${' '.repeat(indent)}${line}`,
  )

export const objectText = ({ kind, namespace, name }: GraphObject): string =>
  namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`

const factText = ({ text, object, path }: GraphFact): string =>
  `${text} (${objectText(object)}${path === '' ? '' : ` ${path}`})`

const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** What a step leads to, with how many pods are no different. */
export const endText = ({ to, replicas }: GraphStep): string =>
  replicas.length === 0
    ? to.text
    : `${to.text} and ${times(replicas.length, 'more pod')} of the same workload`

/** A part of what was had, or what stands for it: nothing to explain, and nothing to change. */
const isPlain = ({ cost, reasons }: GraphStep): boolean =>
  cost === 0 && reasons.flat().every(({ fix }) => fix === undefined)

const stepLines = (step: GraphStep, place: string): readonly string[] => {
  const { edge, title, certainty, cost, reasons, observable, also } = step
  const head = cost === 0 ? '     · ' : ` ${place.padStart(2)}. `
  const doubt = certainty === 'certain' ? '' : `, ${certainty}`
  if (isPlain(step)) return hung(head, `${endText(step)}${doubt}`)
  const [first = [], ...others] = reasons
  const more = others.length === 0 ? '' : `; and ${times(others.length, 'other reason')}`
  return [
    ...hung(head, `${endText(step)}: ${title} [${edge}${doubt}]`),
    ...first.flatMap((fact, at) =>
      hung(
        at === 0 ? '       why:   ' : '              ',
        factText(fact) + (at === first.length - 1 ? more : ''),
      ),
    ),
    ...(observable === null ? [] : hung('       proof: ', observable)),
    ...(also.length === 0 ? [] : hung('       also:  ', also.join(', '))),
  ]
}

const pathLines = (path: GraphPath, place: number): readonly string[] => {
  let steps = 0
  return [
    `way ${place + 1}: ${times(path.steps, 'step')}, ${path.certainty}` +
      (path.detours === 0 ? '' : `; and ${times(path.detours, 'detour')} of it`),
    `     ${path.edges[0]?.from.text ?? ''}`,
    ...path.edges.flatMap((step) => {
      if (step.cost === 1) steps++
      return stepLines(step, String(steps))
    }),
    '',
  ]
}

const waysText = (places: readonly number[]): string =>
  `${places.length === 1 ? 'way' : 'ways'} ${places.map((place) => place + 1).join(', ')}`

/** What is to be changed, and how. */
export const fixText = ({ text, object, path }: GraphFix): string =>
  `${objectText(object)}${path === '' ? '' : ` ${path}`}: ${text}`

export const fixLines = ({ fixes, smallest, at_least, uncut }: GraphFixes): readonly string[] => {
  const bound = smallest ? 'no smaller set does' : `at least ${at_least} are needed`
  const head =
    fixes.length === 0
      ? 'fixes: none that the graph knows of'
      : `fixes: ${times(fixes.length, 'change')} cut${fixes.length === 1 ? 's' : ''} ` +
        `${uncut.length === 0 ? 'all of these' : 'the others'}; ${bound}`
  return [
    head,
    ...fixes.flatMap((fix, at) =>
      hung(` ${String(at + 1).padStart(2)}. `, `${fixText(fix)} (${waysText(fix.cuts)})`),
    ),
    ...(uncut.length === 0 ? [] : [`  no change of an object cuts ${waysText(uncut)}`]),
  ]
}

const fewerText = ({ certainty }: PathsAnswer | BlastRadiusAnswer): readonly string[] =>
  certainty === 'unknown'
    ? []
    : [`(edges that are less sure than ${certainty} are left out: --certainty unknown)`]

export const pathsLines = (answer: PathsAnswer): readonly string[] => {
  const { from, to, paths, more, fixes } = answer
  if (paths.length === 0) {
    return [`no way from ${from.text} to ${to} that the objects tell of`, ...fewerText(answer)]
  }
  return [
    `${times(paths.length, 'way')} from ${from.text} to ${to}` +
      (more ? '; there are more (--best N)' : ''),
    '',
    ...paths.flatMap(pathLines),
    ...fixLines(fixes),
    ...fewerText(answer),
  ]
}

/** Only what is to be done. */
export const fixesLines = (answer: PathsAnswer): readonly string[] => {
  const { from, to, paths, more, fixes } = answer
  if (paths.length === 0) return pathsLines(answer)
  const many = more ? `the first ${times(paths.length, 'way')}` : times(paths.length, 'way')
  return [
    `${many} from ${from.text} to ${to}:`,
    ...paths.flatMap(({ edges, steps, certainty }, at) => {
      const passed = edges
        .filter(({ cost, replicas }) => cost === 1 || replicas.length > 0)
        .map((step) => `${step.edge} → ${endText(step)}`)
      return hung(
        ` ${String(at + 1).padStart(2)}. `,
        `${times(steps, 'step')}, ${certainty}: ${passed.join('; ')}`,
      )
    }),
    ...fixLines(fixes),
    ...(more ? ['(ways that are not shown are not counted: --best N takes in more)'] : []),
    ...fewerText(answer),
  ]
}

/** Kinds in the order of what they are worth; others come behind them, by name. */
const worth = [
  'cluster-admin',
  'nodes',
  'node',
  'namespace-admin',
  'secrets',
  'secret',
  'service-accounts',
  'service-account',
  'users',
  'groups',
  'user',
  'group',
  'pod-creation',
  'pods',
  'pod',
]
const rankOf = (kind: string): number => {
  const at = worth.indexOf(kind)
  return at === -1 ? worth.length : at
}

const stepsOf = (cost: number): string => {
  const steps = Math.ceil(cost / 2)
  return steps === 0 ? 'at once' : `in ${times(steps, 'step')}`
}

/** What is reached of one kind, by the number of steps; as many names as are told. */
const namesBySteps = (
  kind: string,
  reached: BlastRadiusAnswer['reached'],
): readonly (readonly [steps: string, names: string])[] => {
  const shown = reached.slice(0, limits.reachedToldMax)
  return [...Map.groupBy(shown, ({ cost }) => stepsOf(cost))].map(([steps, points]) => {
    const names = points.map(({ id }) => id.slice(kind.length + 1)).filter((name) => name !== '')
    return [steps, names.join(', ')]
  })
}

const moreText = (count: number): string => {
  const more = count - limits.reachedToldMax
  return more > 0 ? `; and ${more} more` : ''
}

/** `pod, 17: in 1 step a/b; in 2 steps c/d, e/f` */
const reachedLines = (kind: string, reached: BlastRadiusAnswer['reached']): readonly string[] => {
  const parts = namesBySteps(kind, reached).map(([steps, names]) => `${steps} ${names}`.trimEnd())
  const rest = moreText(reached.length)
  return hung('  ', `${kind}, ${reached.length}: ${parts.join('; ')}${rest}`, 6)
}

const byWorth = (
  reached: BlastRadiusAnswer['reached'],
): readonly (readonly [kind: string, reached: BlastRadiusAnswer['reached']])[] =>
  [...Map.groupBy(reached, ({ kind }) => kind)].toSorted(
    ([a], [b]) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1),
  )

export const blastLines = (answer: BlastRadiusAnswer): readonly string[] => {
  const { from, reached, more } = answer
  if (reached.length === 0) {
    return [`from ${from.text} nothing is reached that the objects tell of`, ...fewerText(answer)]
  }
  return [
    `from ${from.text}: ${times(reached.length, 'node')} of the graph${more ? ', or more' : ''}`,
    ...byWorth(reached).flatMap(([kind, points]) => reachedLines(kind, points)),
    ...(more ? ['(a bound was reached: there may be more)'] : []),
    ...fewerText(answer),
  ]
}

const subjectLines = ({
  kind,
  namespace,
  name,
  reasons,
}: WhoCanAnswer['subjects'][number]): readonly string[] => {
  const who = `  ${objectText({ kind, namespace, name })}`
  if (reasons.length === 0) return [who, '       without any role']
  const why = reasons.flatMap((fact, at) =>
    hung(at === 0 ? '       why: ' : '            ', factText(fact)),
  )
  return [who, ...why]
}

/** What is asked, in words. */
export const requestText = ({ verb, resource, name, namespace }: WhoCanAnswer): string => {
  const what = `${verb} ${resource}${name === '' ? '' : ` ${name}`}`
  if (resource.startsWith('/')) return what
  return namespace === '' ? `${what} in all namespaces` : `${what} in namespace ${namespace}`
}

export const whoCanLines = (answer: WhoCanAnswer): readonly string[] => {
  const { subjects } = answer
  return [
    `${requestText(answer)}: ${times(subjects.length, 'grant')}`,
    ...subjects.flatMap(subjectLines),
  ]
}
