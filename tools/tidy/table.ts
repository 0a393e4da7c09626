/**
 * What tidy enforces, as data: who may import whom, which calls are banned where and what to use
 * instead, and how long things may be. A law of ARCHITECTURE.md that a machine can check is a line
 * here.
 */

/** Which workspaces each workspace may import; `anything` is for what is not shipped. */
export const mayImport: Readonly<Record<string, readonly string[] | 'anything'>> = {
  schema: [],
  policy: ['schema'],
  graph: ['schema'],
  native: [],
  kubernetes: ['schema'],
  agent: ['schema', 'policy', 'native', 'kubernetes'],
  server: ['schema', 'policy', 'graph', 'kubernetes'],
  web: ['schema', 'policy'],
  cli: ['schema', 'policy', 'graph', 'kubernetes', 'native', 'agent', 'server'],
  tools: ['schema', 'policy', 'graph'],
  tests: 'anything',
  bench: 'anything',
}

/** Pure: same input, same output, also in a browser. Their tests may use what they like. */
export const pureFolders: readonly string[] = ['schema', 'policy', 'graph']

/** Tools, tests and benchmarks: never part of what a user runs. */
export const unshippedFolders: readonly string[] = ['tools', 'tests', 'bench']

export const limits = {
  columnsMax: 100,
  sourceLinesMax: 600,
  bpfLinesMax: 250,
  functionLinesMax: 70,
} as const

/** Where a ban holds. `shipped`: outside tests and the unshipped folders. `pure`: and pure. */
type Where = 'everywhere' | 'shipped' | 'pure' | 'test'

export interface Ban {
  /** Matched against code whose comments and text are blanked. */
  readonly pattern: RegExp
  readonly where: Where
  readonly exceptIn?: readonly string[]
  readonly onlyIn?: readonly string[]
  readonly instead: string
}

const clock = 'take the value as a parameter: this folder gives the same result everywhere'

export const bans: readonly Ban[] = [
  { pattern: /\bexecSync\(/, where: 'everywhere', instead: 'execFile with an argument list' },
  {
    pattern: /\b(?:execFileSync|spawnSync)\(/,
    where: 'shipped',
    instead: 'execFile or spawn: a blocked event loop drains no ring',
  },
  {
    pattern: /(?<![.\w])console\.\w+\(/,
    where: 'shipped',
    exceptIn: ['cli'],
    instead: 'a log function passed in: stdout carries alerts and belongs to cli/',
  },
  {
    pattern: /\bprocess\.exit\(/,
    where: 'shipped',
    exceptIn: ['cli'],
    instead: 'a result or an error: only cli/ ends the process',
  },
  {
    pattern: /\bnew Function\(/,
    where: 'shipped',
    exceptIn: ['policy'],
    instead: 'plain code: only policy/ compiles text',
  },
  {
    pattern: /(?<![.\w])RegExp\(/,
    where: 'shipped',
    onlyIn: ['policy'],
    instead: 're2js: a pattern from a rule must run in linear time',
  },
  {
    pattern: /(?<!\.)\bsetTimeout\(/,
    where: 'test',
    instead: 'a wait for the condition itself, with a deadline: a sleep is too short or too long',
  },
  {
    pattern: /\bMath\.random\(/,
    where: 'test',
    instead: 'fast-check: a random test must print a seed that repeats it',
  },
  { pattern: /\b(?:test|it|describe|suite)\.only\(/, where: 'test', instead: 'the whole file' },
  { pattern: /\bDate\.now\(|\bnew Date\(\)/, where: 'pure', instead: clock },
  { pattern: /\bMath\.random\(|(?<![.\w])crypto\./, where: 'pure', instead: clock },
  { pattern: /(?<![.\w])(?:performance\.|globalThis\b)/, where: 'pure', instead: clock },
  // Not every `process.`: it is also what a rule is about.
  {
    pattern: /(?<![.\w])process(?:\[|\.(?:env|argv|exit|platform|arch|pid|cwd|hrtime|std\w+)\b)/,
    where: 'pure',
    instead: clock,
  },
  {
    pattern: /(?<![.\w])(?:Buffer\.|setTimeout\(|setInterval\(|fetch\()/,
    where: 'pure',
    instead: 'plain JavaScript: this folder also runs in a browser',
  },
]

/** Text that may stand in no file: it ties the project to one machine or one mirror. */
export const bannedText: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /(?<![\w.])\/work\/(?:main|shared|ci)\b/, what: 'a path of one machine' },
  {
    pattern: /\bregistry\.[a-z]+js\.org\b|\bdeb\.debian\.org\b/,
    what: "a package registry's host",
  },
]

/** Marks of unfinished work. Split, so that this file does not hold them. */
export const marks = new RegExp(
  String.raw`\b(?:${['FIX~ME', 'TO~DO', 'X~XX'].join('|').replaceAll('~', '')})\b`,
)
