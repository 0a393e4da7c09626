/**
 * LabelSelectors of Kubernetes, over labels that may be known in part. The cases of
 * `policy/runtime/selector.test.ts` say what each form selects.
 */
import type { Labels } from './pod.ts'

/** True, false, or not known. */
export type Answer = boolean | undefined

export const allAnswers = (answers: Iterable<Answer>): Answer => {
  let all: Answer = true
  for (const answer of answers) {
    if (answer === false) return false
    if (answer === undefined) all = undefined
  }
  return all
}

export const anyAnswer = (answers: Iterable<Answer>): Answer => {
  let any: Answer = false
  for (const answer of answers) {
    if (answer === true) return true
    if (answer === undefined) any = undefined
  }
  return any
}

/** One condition on one label. `matchLabels` are of `In` with one value. */
export interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  /** Sorted, each once; none of `Exists` and `DoesNotExist`. */
  readonly values: readonly string[]
}

/** All of these must hold; none: every set of labels is selected. */
export type Selector = readonly Requirement[]

/** What is known of some labels. */
export interface KnownLabels {
  /** Sorted by key, each once. */
  readonly labels: Labels
  /** There are no others. */
  readonly isWhole: boolean
}

/** The value of a label; `undefined`: there is none among these. Labels are sorted by key. */
export const labelOf = (labels: Labels, key: string): string | undefined => {
  let low = 0
  let high = labels.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const [name, value] = labels[middle] ?? ['', '']
    if (name === key) return value
    if (name < key) low = middle + 1
    else high = middle - 1
  }
  return undefined
}

const holds = ({ key, operator, values }: Requirement, known: KnownLabels): Answer => {
  const value = labelOf(known.labels, key)
  if (value === undefined && !known.isWhole) return undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

/** Whether a selector selects what has these labels. */
export const selects = (selector: Selector, known: KnownLabels): Answer =>
  allAnswers(selector.map((requirement) => holds(requirement, known)))
