/** What a server keeps over a restart. */
export type { AlertState } from './alert-memory.ts'
export { AlertMemory } from './alert-memory.ts'
export type { StateFile, StateFiles } from './files.ts'
export type { KeptText, TextKeeper } from './texts.ts'
