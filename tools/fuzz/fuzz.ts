/** What must hold for any rule file and any condition: tried until the time is over. */
import { isDeepStrictEqual } from 'node:util'
import {
  checkCondition,
  compileCondition,
  falcoEventsOf,
  loadRuleFiles,
  parseCondition,
  printCondition,
  schemaCatalog,
} from '@bulwark/policy'
import { syscallNames } from '@bulwark/schema'
import { Grammar, randomOf } from './grammar.ts'

/** A tree without positions. */
const shape = (node: unknown): unknown =>
  JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'at' ? undefined : value)))

/** Whether a condition was accepted; throws where something does not hold. */
const tryCondition = (text: string): boolean => {
  const parsed = parseCondition(text)
  if (!parsed.ok) {
    if (parsed.error.at < 0) throw new Error('a fault before the begin')
    return false
  }
  const printed = parseCondition(printCondition(parsed.node, 'exact'))
  if (!printed.ok) throw new Error(`printed, it is refused: ${printed.error.message}`)
  if (!isDeepStrictEqual(shape(printed.node), shape(parsed.node))) {
    throw new Error('printed, it is another')
  }
  const checked = checkCondition(parsed.node, schemaCatalog)
  falcoEventsOf(parsed.node, syscallNames)
  if (!checked.ok) return false
  compileCondition<undefined>(checked.condition, {
    field: () => () => undefined,
    resolve: () => () => new Set(),
  })(undefined)
  return true
}

/** Whether a rule file was accepted; throws where something does not hold. */
const tryRuleFile = (text: string): boolean => {
  const options = {
    catalog: schemaCatalog,
    eventNames: syscallNames,
    sources: new Set(['syscall']),
    suggestedOutput: [],
  }
  const { files } = loadRuleFiles([{ name: 'f.yaml', text }], options)
  const [file] = files
  if (!file) throw new Error('no answer')
  if (file.errors.length !== (file.successful ? 0 : 1)) {
    throw new Error(`${file.errors.length} errors in an answer`)
  }
  return file.successful
}

/** An input for which something does not hold. */
export interface Find {
  readonly kind: 'condition' | 'rule file'
  readonly text: string
  readonly fault: unknown
}

export interface FuzzResult {
  readonly tried: number
  readonly accepted: number
  readonly finds: readonly Find[]
}

/** Finds after which it ends. */
const findsMax = 5

/**
 * Tries inputs.
 *
 * @param isOver  asked after each input
 */
export const fuzz = (seed: number, isOver: () => boolean): FuzzResult => {
  const grammar = new Grammar(randomOf(seed))
  const finds: Find[] = []
  let tried = 0
  let accepted = 0
  while (!isOver() && finds.length < findsMax) {
    const isFile = tried++ % 2 === 1
    const text = grammar.nearly(isFile ? grammar.ruleFile() : grammar.condition())
    try {
      if (isFile ? tryRuleFile(text) : tryCondition(text)) accepted++
    } catch (fault) {
      finds.push({ kind: isFile ? 'rule file' : 'condition', text, fault })
    }
  }
  return { tried, accepted, finds }
}
