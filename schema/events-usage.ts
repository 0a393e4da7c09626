/**
 * The record of files that run in containers, and its numbers. As in `events.ts`, they are on the
 * wire.
 */
import type { EventKind } from './eventtypes.ts'
import { number, text } from './members.ts'

export const usageKind: EventKind = {
  kind: 27,
  name: 'file_used',
  meaning:
    'A file was executed in a container, or mapped so that it can be (PROT_EXEC): told once ' +
    'for each container and file, and again when that was forgotten. Only where somebody asks ' +
    'which packages are in use; no rule sees it. A script is told by its name, beside its ' +
    'interpreter.',
  hooks: [],
  types: [],
  state: false,
  members: [
    number('use', 'u32', 'USE_*', 'mm.exe_file'),
    number('padding', 'u32', 'zero', 'none'),
    text('path', 'the file as the process sees it; of a script as given', 'file.f_path'),
    text('base', 'of a script: the working directory', 'fs.pwd', 'zero bytes: no script'),
  ],
}

export const usageConstants = {
  /** How a file is used. */
  USE_EXECUTED: 1,
  USE_MAPPED: 2,
  /** Files and containers of which is kept that they were told: those that ran last. */
  USED_FILES_MAX: 32_768,
  /** New files that a container may tell at once, and nanoseconds for each further one: a large
   * image has some hundred that run. */
  USED_FILES_BURST: 2048,
  USED_FILE_NS: 31_250_000,
} as const
