/**
 * The rule compiler: rule files in, typed conditions out, and conditions compiled to functions.
 * Pure: no clock, no files, no kernel. It knows fields, events and the shape of pods from
 * `@bulwark/schema`, and no client of Kubernetes.
 */
export type { Binding, CompiledRules } from './compile.ts'
export { compileCondition, compileRules, compileRulesInSteps } from './compile.ts'
export type { ContextStep, Diagnostic, Excerpt, Place } from './diagnostics.ts'
export { diagnosticText } from './diagnostics.ts'
export type { Reader } from './evaluate.ts'
export { evaluate } from './evaluate.ts'
export type { EventSet } from './event-set.ts'
export { askedAndTrue } from './asked.ts'
export { eventSetOf, holdsOnFailure, isAlikeOn, needsOneOf, specialise } from './event-set.ts'
export type { AnswerLocation, AnswerMessage, LoadAnswer } from './falco/answer.ts'
export { LoadAnswers, loadCodes } from './falco/answer.ts'
export type { Checked } from './falco/check.ts'
export { checkCondition } from './falco/check.ts'
export type { FalcoEvents } from './falco/event-codes.ts'
export { falcoEventsOf } from './falco/event-codes.ts'
export type { Catalog } from './falco/fields.ts'
export { schemaCatalog } from './falco/fields.ts'
export type {
  Described,
  DescribedFiles,
  DescribedList,
  DescribedMacro,
  DescribedRule,
} from './falco/describe.ts'
export { describeRuleFiles } from './falco/describe.ts'
export type { FileResult, LoadResult, RuleFile } from './falco/load.ts'
export { loadRuleFiles } from './falco/load.ts'
export type { Parsed } from './falco/parse.ts'
export { parseCondition } from './falco/parse.ts'
export type { Remark } from './falco/remark.ts'
export { engineVersion } from './falco/requirements.ts'
export type { DisabledRule, ResolveOptions } from './falco/resolve.ts'
export type { Node, Operand, PrintStyle } from './falco/syntax.ts'
export { printCondition } from './falco/syntax.ts'
export type {
  Compare,
  Condition,
  Constant,
  FunctionName,
  Operator,
  Quantifier,
  Right,
  Value,
} from './ir.ts'
export {
  comparisonOf,
  conjunction,
  disjunction,
  fieldsOf,
  fieldsOfValue,
  isNetwork,
  makeCompare,
  negation,
} from './ir.ts'
export type { Literal } from './literals.ts'
export { parseLiteral } from './literals.ts'
export { globMatcher } from './glob.ts'
export type { ExtraField, OutputAppend, OutputFormat, PrintedValue } from './output.ts'
export { fieldsOfOutput, parseOutput, renderOutput } from './output.ts'
export type { Answers } from './kept.ts'
export type {
  CgroupState,
  CgroupTold,
  NumberAt,
  Plan as FilterPlan,
  Test as FilterTest,
  TextAt,
} from './kernel/plan.ts'
export type {
  FilterMap,
  FilterPart,
  FilterProgram,
  ProgramLimits,
  FilterTarget,
  GenerateOptions,
} from './kernel/generate.ts'
export { FilterGenerator, generateFilter, partsMax, programLimits } from './kernel/generate.ts'
export type { LateTarget } from './kernel/late.ts'
export { asksLateFacts, maySaveFacts } from './kernel/late.ts'
export { ancestorsLayout, firstLook, needsSecondLook } from './kernel/ancestors.ts'
export { accepts } from './kernel/model.ts'
export {
  cgroupOfWord,
  cgroupWord,
  cgroupWordIndex,
  cgroupWordsCount,
} from './kernel/cgroup-words.ts'
export { cgroupNumbers, everything, nothing, scopeClassMin } from './kernel/plan.ts'
export type { Residual } from './kernel/bounds.ts'
export type { ExplainedHook, ExplainedPart } from './kernel/explain.ts'
export { explainSplit, unfilteredOf } from './kernel/explain.ts'
export type { PrintOptions } from './kernel/print.ts'
export { printPlan } from './kernel/print.ts'
export type { FilterPlans, HookSplit, KernelFacts, RuleSplit, ToldClass } from './kernel/split.ts'
export { plansByKind, splitRules } from './kernel/split.ts'
export { Subject } from './kept.ts'
export type { PriorityName, Rule } from './rule.ts'
export { priorityNamed, priorityNames } from './rule.ts'
export type { ExpectedAlert, Trial, TrialEvent, TrialFault, TrialFile } from './trial.ts'
export { keyOfField, readTrials } from './trial.ts'
export type { Difference, RaisedAlert } from './trial-run.ts'
export { judge, runTrial } from './trial-run.ts'
export type { LoadedPolicy, PolicyLoad } from './runtime/load.ts'
export { loadPolicies, loadPoliciesInSteps } from './runtime/load.ts'
export type { PolicyCondition, PolicyStatus } from './runtime/status.ts'
export { acceptedStatus, policyStatus } from './runtime/status.ts'
export type { PolicyMode, RulePolicy } from './rule.ts'
export type { Scope, Surroundings as ScopeSurroundings } from './runtime/scope.ts'
export { scopeOf } from './runtime/scope.ts'
export type { Answer } from '@bulwark/schema'
export type { ReadPolicy } from './runtime/read.ts'
export { readPolicies } from './runtime/read.ts'
export type { Yaml as YamlValue, YamlDocument } from './falco/yaml.ts'
export { parseDocuments } from './falco/yaml.ts'
export type { Steps } from './steps.ts'
export { atOnce } from './steps.ts'
