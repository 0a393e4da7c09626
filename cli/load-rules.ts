/**
 * From paths on the command line to rules: reads files and folders, compiles, keeps the answers.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { otherEventNames, reasonOf, syscallNames } from '@bulwark/schema'
import type {
  Described,
  Diagnostic,
  LoadResult,
  OutputAppend,
  PolicyLoad,
  ResolveOptions,
  Steps,
} from '@bulwark/policy'
import { atOnce, describeRuleFiles, loadPoliciesInSteps, loadRuleFiles } from '@bulwark/policy'
import { carriedEvents, machineOf } from '@bulwark/agent'
import { catalogWith } from './catalog.ts'
import { readText, textBytesMax } from './text-file.ts'

/** What Falco's container plugin suggests for every output, so that alerts say where. */
const suggestedOutput = [
  ['container_id', 'container.id'],
  ['container_name', 'container.name'],
  ['container_image_repository', 'container.image.repository'],
  ['container_image_tag', 'container.image.tag'],
  ['k8s_pod_name', 'k8s.pod.name'],
  ['k8s_ns_name', 'k8s.ns.name'],
] as const

/** All fields and events that rules can name. */
export const catalog = catalogWith(new Map())

/** What an operator adds to the rules of all files. */
export interface RuleAdditions {
  /** What is suggested for all outputs when `undefined`. */
  readonly appendOutput: readonly OutputAppend[] | undefined
  readonly staticFields: ReadonlyMap<string, string>
}

const noAdditions: RuleAdditions = { appendOutput: undefined, staticFields: new Map() }

const resolveOptions = ({ appendOutput, staticFields }: RuleAdditions): ResolveOptions => {
  const machine = machineOf(process.arch)
  return {
    catalog: catalogWith(staticFields),
    eventNames: [...syscallNames, ...otherEventNames],
    sources: new Set(['syscall']),
    suggestedOutput,
    ...(appendOutput ? { appendOutput } : {}),
    ...(machine ? { carriedEvents: carriedEvents(machine) } : {}),
  }
}

/** The rule files of a path: itself, or those of a folder in the order of their names; trials of
 * rules (`*.test.yaml`) are none. */
export const filesOf = (path: string): readonly string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((name) => /(?<!\.test)\.ya?ml$/.test(name))
        .toSorted()
        .map((name) => join(path, name))
    : [path]

/** Bulwark's own rules, beside the program. */
export const ownRules = (): string => {
  const places = ['rules', '../rules']
  const paths = places.map((place) => join(import.meta.dirname, place))
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? ''
}

/** The text of a rule file. */
export interface RuleText {
  readonly name: string
  readonly text: string
}

/** What a file of SeverityPolicies has, in YAML and in JSON. */
const ofSeverity = /^\s*"?kind"?:\s*"?SeverityPolicy"?,?\s*$/m

/** Those of some files that have SeverityPolicies. */
export const severityFilesIn = (files: readonly RuleText[]): readonly string[] =>
  files.filter(({ text }) => ofSeverity.test(text)).map(({ name }) => name)

/** A path that cannot be read. */
export interface Unreadable {
  readonly message: string
  readonly help: string
}

/** The paths that are meant: Bulwark's own rules where none is given. */
export const meantPaths = (paths: readonly string[]): readonly string[] =>
  paths.length === 0 ? [ownRules()] : paths

/** Reads the rule files that are meant, in order. */
export const readRuleFiles = (paths: readonly string[]): readonly RuleText[] | Unreadable =>
  readFiles(meantPaths(paths), 'a rule file')

/** Reads the files of policies, in order. */
export const readPolicyFiles = (paths: readonly string[]): readonly RuleText[] | Unreadable =>
  readFiles(paths, 'a file of policies')

const readFiles = (paths: readonly string[], what: string): readonly RuleText[] | Unreadable => {
  const texts: RuleText[] = []
  for (const path of paths) {
    try {
      for (const file of filesOf(path)) {
        const found = statSync(file)
        if (found.size > textBytesMax) {
          return { message: `${file} is over ${textBytesMax} bytes`, help: 'split the file' }
        }
        // Reading a pipe waits for whoever writes: only who names it wants that.
        if (file !== path && !found.isFile()) {
          return { message: `${file} is no file`, help: 'take it out of the folder' }
        }
        texts.push({ name: file, text: readText(file) })
      }
    } catch (error) {
      const message = `cannot read ${path}: ${reasonOf(error, path)}`
      return { message, help: `give ${what} or a folder` }
    }
  }
  return texts
}

/** Loads the texts of rule files. */
export const loadRuleTexts = (texts: readonly RuleText[], additions = noAdditions): LoadResult =>
  loadRuleFiles(texts, resolveOptions(additions))

/** Loads the texts of rule files, and of policies. */
export const loadPolicyTexts = (...of: Parameters<typeof loadPolicyTextsInSteps>): PolicyLoad =>
  atOnce(loadPolicyTextsInSteps(...of))

/** The same in steps: 2,000 rules take a third of a second. */
export const loadPolicyTextsInSteps = (
  texts: readonly RuleText[],
  policies: readonly RuleText[],
  additions = noAdditions,
): Steps<PolicyLoad> => loadPoliciesInSteps(texts, policies, resolveOptions(additions))

/** Loads the texts of rule files, and tells all that they define. */
export const describeRuleTexts = (texts: readonly RuleText[]): Described =>
  describeRuleFiles(texts, resolveOptions(noAdditions))

/**
 * Loads rule files.
 *
 * @param paths  files and folders; Bulwark's own rules when empty
 * @returns a message when a path cannot be read
 */
export const loadRules = (paths: readonly string[]): LoadResult | Unreadable => {
  const texts = readRuleFiles(paths)
  return 'message' in texts ? texts : loadRuleTexts(texts)
}

/** All that is to be said of loaded files: what was found in them, then what disables rules. */
export const diagnosticsOf = (loaded: LoadResult): readonly Diagnostic[] => [
  ...new Set([
    ...loaded.files.flatMap((file) => file.found),
    ...loaded.disabled.flatMap((rule) => rule.reasons),
  ]),
]
