/** Severity policies out of files, and what is wrong with them said. */
import type { SeveritySettings } from '@bulwark/graph'
import { refText } from '@bulwark/graph'
import { SeverityFileError, readSeverityFiles } from '@bulwark/server'
import { log, logError } from '../report.ts'

/** The settings that files make; `undefined` when one cannot be read, which was said. */
export const severitySettingsOf = (paths: readonly string[]): SeveritySettings | undefined => {
  try {
    const { settings, faults } = readSeverityFiles(paths)
    for (const { object, path, message } of faults) {
      log(`warning: ${refText(object)}: ${path} ${message}`)
    }
    return settings
  } catch (error) {
    if (!(error instanceof SeverityFileError)) throw error
    logError(error.message, 'see docs/severity.md')
    return undefined
  }
}
