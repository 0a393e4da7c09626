/** How answers of the graph get out. */
import { Option } from 'commander'
import type { GraphCertainty } from '@bulwark/schema'
import { wholeNumber } from '../watch.ts'
import type { Diagram } from './diagram.ts'
import { diagramForms } from './diagram.ts'
import { harmless, print } from '../print.ts'

/** Lines to stdout, with nothing in them that a terminal would obey. */
export const printLines = (lines: readonly string[]): void => {
  process.stdout.write(lines.map((line) => `${harmless(line)}\n`).join(''))
}

/** Forms of an answer. */
export type Form = 'table' | 'json' | keyof typeof diagramForms

export const outputOption = (): Option =>
  new Option('-o, --output <form>', 'form of the answer')
    .choices(['table', 'json', ...Object.keys(diagramForms)])
    .default('table')

/** What an answer looks like in each form. */
interface Looks {
  readonly json: object
  readonly table: () => readonly string[]
  readonly diagram: () => Diagram
}

export const printAnswer = (form: Form, { json, table, diagram }: Looks): void => {
  if (form === 'json') print(JSON.stringify(json))
  else printLines(form === 'table' ? table() : diagramForms[form](diagram()))
}

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
