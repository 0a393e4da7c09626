/** How urgent an alert is. Rules have Falco's priorities; a judgement has five levels. */
import type { severities } from '@bulwark/schema'
import { severityLevels } from '@bulwark/schema'

/** The least urgent first. */
export const levels = severityLevels
export type Level = (typeof levels)[number]

/** A rule's own word: one of Falco's priorities. */
export type Priority = (typeof severities)[number]

const levelOfPriority: Readonly<Record<Priority, Level>> = {
  Emergency: 'critical',
  Alert: 'critical',
  Critical: 'critical',
  Error: 'high',
  Warning: 'medium',
  Notice: 'low',
  Informational: 'info',
  Debug: 'info',
}

/** The level of a rule's priority. */
export const levelOf = (priority: Priority): Level => levelOfPriority[priority]

const priorityOfLevel: Readonly<Record<Level, Priority>> = {
  critical: 'Critical',
  high: 'Error',
  medium: 'Warning',
  low: 'Notice',
  info: 'Informational',
}

/** The priority of a level, for readers of Falco's; the rule's own where it is of that level. */
export const priorityAt = (level: Level, own: Priority): Priority =>
  levelOf(own) === level ? own : priorityOfLevel[level]

export const rankOf = (level: Level): number => levels.indexOf(level)

/** The level of a rank; those beyond the ends are the ends. */
export const levelAt = (rank: number): Level =>
  levels[Math.min(Math.max(rank, 0), levels.length - 1)] ?? 'info'
