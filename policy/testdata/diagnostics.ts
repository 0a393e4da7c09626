/** What is found in files, as golden cases have it. */
import type { Diagnostic } from '../diagnostics.ts'

export const diagnosticLine = (found: Diagnostic): string => {
  const { place, severity, item, message, code, help } = found
  const about = item === undefined ? '' : `${item}: `
  const more = help === undefined ? '' : ` | ${help}`
  return `${place.file}:${place.line}:${place.column} ${severity} ${code} ${about}${message}${more}`
}
