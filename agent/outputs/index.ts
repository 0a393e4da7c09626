/** Where alerts go. */
export { Outputs, lostAlertsRule } from './outputs.ts'
export { UsageSender } from './usage-sender.ts'
export type { OutputSettings } from './settings.ts'
export { facilities } from './syslog.ts'
