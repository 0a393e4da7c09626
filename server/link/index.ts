/** Alerts of agents: read, and taken to their judgement. */
export type {
  Handled,
  IntakeCounts,
  IntakeMemory,
  IntakeOptions,
  NoRoom,
  RestoreStep,
} from './intake.ts'
export { AlertIntake } from './intake.ts'
export type { LinkValue, ReceivedAlert } from './read-alert.ts'
export type { BadBatch, Batch } from './read-batch.ts'
export { isBadBatch, readBatch } from './read-batch.ts'
export { readUsage } from './read-usage.ts'
