/** Alerts are judged in the context of their pods. */
export type { AlertJudgeOptions, AlertRaise, Judged, JudgedAlert, ToldBefore } from './judge.ts'
export { AlertJudge } from './judge.ts'
export type { SeverityFeedOptions } from './severity-feed.ts'
export { SeverityFeed, severityPoliciesPath } from './severity-feed.ts'
export { SeverityFileError, readSeverityFiles } from './severity.ts'
