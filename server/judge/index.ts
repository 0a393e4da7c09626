/** Alerts are judged in the context of their pods. */
export type { AlertJudgeOptions, AlertRaise, Judged, JudgedAlert } from './judge.ts'
export { AlertJudge } from './judge.ts'
export { SeverityFileError, readSeverityFiles } from './severity.ts'
