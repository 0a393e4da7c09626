/** The words that tidy's checks share: the tree they read, the faults they give, and paths. */

/** Path from the root, with `/`, to text; a file that is no text has the text ''. */
export type Tree = ReadonlyMap<string, string>

export interface Fault {
  readonly file: string
  /** From 1; 1 also where the fault is the whole file's. */
  readonly line: number
  readonly code: string
  readonly message: string
  readonly help: string
}

/** Takes one fault of the file being checked. */
export type Report = (line: number, code: string, message: string, help: string) => void

export const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file)

/** Code that serves tests alone, beside what it tests. */
export const isTestData = (file: string): boolean => file.includes('/testdata/')

/** The root folder that holds a file. */
export const folderOf = (file: string): string => file.split('/', 1)[0] ?? ''

/** The path that `target`, relative to `file`, stands for; `..` at the root stays there. */
export function resolve(file: string, target: string): string {
  const parts = file.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}
