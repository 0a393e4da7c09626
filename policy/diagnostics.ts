/** A diagnostic as data: what, where, and what to do. Rendering is the command line's business. */

/** A place in a rule file; lines and columns from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A step of the way from a file to what a diagnostic is about, in Falco's words. */
export interface ContextStep {
  /** Such as `rule`, `rule condition`, `exception`. */
  readonly itemType: string
  /** Empty where it has none. */
  readonly itemName: string
  readonly place: Place
}

/** The text that a diagnostic points into, when that is not the file as it stands. */
export interface Excerpt {
  /** A condition as it was written, lists not yet put in. */
  readonly text: string
  /** Offset in the bytes of the condition as it was parsed, lists put in. */
  readonly at: number
}

/** A fault or a warning about rule files. */
export interface Diagnostic {
  /** Falco's code for its users' scripts (`LOAD_...`), or Bulwark's own in lower case. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly place: Place
  /** From the file inwards; the last step has the place. */
  readonly context: readonly ContextStep[]
  /** Name of the rule, macro or list that it is about. */
  readonly item: string | undefined
  readonly excerpt: Excerpt | undefined
  /** What to do. */
  readonly help: string | undefined
}

/** `file:line:column: error: message [code]`, then the help. */
export const diagnosticText = (diagnostic: Diagnostic): string => {
  const { place, severity, message, code, help, item } = diagnostic
  const at = `${place.file}:${place.line}:${place.column}`
  const about = item === undefined ? '' : `${item}: `
  const first = `${at}: ${severity}: ${about}${message} [${code}]`
  return help === undefined ? first : `${first}\n  help: ${help}`
}
