/** How answers of the graph get out. */
import { Option } from 'commander'
import type { GraphCertainty } from '@bulwark/schema'
import { wholeNumber } from '../watch.ts'
import { harmless } from './names.ts'

/** Lines to stdout, with nothing in them that a terminal would obey. */
export const printLines = (lines: readonly string[]): void => {
  process.stdout.write(lines.map((line) => `${harmless(line)}\n`).join(''))
}

export const outputOption = (...forms: readonly string[]): Option =>
  new Option('-o, --output <form>', 'form of the answer')
    .choices(['table', 'json', ...forms])
    .default('table')

const certainties: readonly GraphCertainty[] = ['certain', 'possible', 'unknown']

export const certaintyOption = (): Option =>
  new Option('--certainty <word>', 'leave out edges that are less sure')
    .choices(certainties)
    .default('possible')

/** @param max  how many may be asked for */
export const bestOption = (max: number): Option =>
  new Option('--best <n>', 'so many ways, the shortest first')
    .argParser(wholeNumber(1, max))
    .default(3)
