/**
 * What is found while rule files are read and resolved: a list of diagnostics in the order in
 * which Falco finds them, so that its answer, which ends at the first error, is a prefix.
 */
import type { ContextStep, Diagnostic, Excerpt, Place } from '../diagnostics.ts'

/** Items that have a name. */
const owners: ReadonlySet<string> = new Set(['list', 'macro', 'rule', 'policy'])

const nameOf = ({ itemName }: ContextStep): string => itemName

/** Where something stands: the way from the file to it. Immutable. */
export class Context {
  readonly steps: readonly ContextStep[]
  readonly place: Place
  readonly excerpt: Excerpt | undefined

  private constructor(steps: readonly ContextStep[], place: Place, excerpt?: Excerpt) {
    this.steps = steps
    this.place = place
    this.excerpt = excerpt
  }

  static ofFile(file: string, itemType = 'rules content'): Context {
    const place = { file, line: 1, column: 1 }
    return new Context([{ itemType, itemName: '', place }], place)
  }

  /** The file alone: where the engine knows no better. */
  ofFile(): Context {
    return new Context(this.steps.slice(0, 1), this.place)
  }

  at(itemType: string, itemName: string, place: Place): Context {
    return new Context([...this.steps, { itemType, itemName, place }], place)
  }

  /**
   * A place in a condition's text.
   *
   * @param place  where the condition stands, when this is not it
   */
  inCondition(text: string, at: number, place = this.place): Context {
    const step = { itemType: 'condition expression', itemName: '', place }
    return new Context([...this.steps, step], place, { text, at })
  }

  /** The list, macro, rule or policy that it is in. */
  get item(): string | undefined {
    const names = this.steps.filter((step) => owners.has(step.itemType)).map(nameOf)
    return names.filter((name) => name !== '').join('/') || undefined
  }
}

/** A fault: ends the reading of an item, or the resolving of a rule. */
export class LoadFault extends Error {
  readonly code: string
  readonly context: Context
  readonly help: string | undefined

  constructor(code: string, message: string, context: Context, help?: string) {
    super(message)
    this.code = code
    this.context = context
    this.help = help
  }
}

/** @throws LoadFault  structure: a key is missing, or has a value of the wrong kind */
export const invalid = (message: string, context: Context, help?: string): never => {
  throw new LoadFault('LOAD_ERR_YAML_VALIDATE', message, context, help)
}

/** @throws LoadFault  meaning: an item that does not fit the others */
export const reject = (message: string, context: Context, help?: string): never => {
  throw new LoadFault('LOAD_ERR_VALIDATE', message, context, help)
}

const make = (
  severity: Diagnostic['severity'],
  code: string,
  message: string,
  context: Context,
  help: string | undefined,
): Diagnostic => {
  const { place, steps, item, excerpt } = context
  return { code, severity, message, place, context: steps, item, excerpt, help }
}

export class Report {
  readonly found: Diagnostic[] = []

  warn(code: string, message: string, context: Context, help?: string): Diagnostic {
    const diagnostic = make('warning', code, message, context, help)
    this.found.push(diagnostic)
    return diagnostic
  }

  error(fault: LoadFault): Diagnostic {
    const diagnostic = make('error', fault.code, fault.message, fault.context, fault.help)
    this.found.push(diagnostic)
    return diagnostic
  }
}

/** A diagnostic that is not Falco's, and so stands in no report. */
export const ownDiagnostic = (
  severity: Diagnostic['severity'],
  code: string,
  message: string,
  context: Context,
  help?: string,
): Diagnostic => make(severity, code, message, context, help)
