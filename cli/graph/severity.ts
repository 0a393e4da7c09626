/** Severity policies out of files, and what is wrong with them said. */
import { OperatorSettings, refText } from '@bulwark/graph'
import { SeverityFileError, readSeverityFiles } from '@bulwark/server'
import { log, logError } from '../report.ts'

/** What files say of judgements; `undefined` when one cannot be read, which was said. */
export const severitySettingsOf = (paths: readonly string[]): OperatorSettings | undefined => {
  try {
    const settings = new OperatorSettings(readSeverityFiles(paths))
    for (const { object, path, message } of settings.faults) {
      log(`warning: ${refText(object)}: ${path} ${message}`)
    }
    return settings
  } catch (error) {
    if (!(error instanceof SeverityFileError)) throw error
    logError(error.message, 'see docs/severity.md')
    return undefined
  }
}
