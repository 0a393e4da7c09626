/** Every shape that crosses a boundary: event records, rule fields, names and numbers. Pure. */
export type {
  ArgumentSpec,
  Comparison,
  FieldRef,
  FieldSpec,
  FieldType,
  FieldValue,
  IpAddress,
  Scalar,
} from './fieldtypes.ts'
export type { Network } from './address.ts'
export { inNetwork, networkOf, parseAddress, parseNetwork } from './address.ts'
export { carried } from './fieldforms.ts'
export type { Backend, EventKind, Group, Hook, Member, Place, Storage } from './eventtypes.ts'
export {
  constants,
  eventKinds,
  header,
  layoutVersion,
  ownEventTypes,
  places,
  recordLimits,
} from './events.ts'
export { groups } from './members.ts'
export type { OptionSpec, OptionType } from './options.ts'
export { falcoOnly, flagOf, isDenied, options } from './options.ts'
export * from './layout.gen.ts'
export type { TextLength } from './record.ts'
export { KeptTexts } from './kept-texts.ts'
export { RecordError, RecordView } from './record.ts'
export { checkRecord } from './check-record.ts'
export type { Json } from './json.ts'
export { asObject, asText, parseJson } from './json.ts'
export type { Labels, PodSubject, Workload } from './pod.ts'
export type {
  ActPeer,
  AlertAct,
  AlertContext,
  AlertSubject,
  AlertUpdate,
  RunProgram,
} from './alerts.ts'
export type { LinkAlert, LinkAnswer, LinkSubject, RefusedAlert } from './alert-link.ts'
export { alertsPath } from './alert-link.ts'
export type { ContainerUsage, UsageReport, UsedFile } from './usage.ts'
export { usageLimits, usagePath } from './usage.ts'
export type {
  BlastRadiusAnswer,
  GraphCertainty,
  GraphFact,
  GraphFix,
  GraphFixes,
  GraphInput,
  GraphObject,
  GraphPath,
  GraphPoint,
  GraphReachedWay,
  GraphReply,
  GraphStep,
  PathsAnswer,
  PodReply,
  WhoCanAnswer,
} from './graph-answers.ts'
export { graphPath } from './graph-answers.ts'
export type { Answer, KnownLabels, Requirement, Selector } from './selector.ts'
export { allAnswers, anyAnswer, labelOf, selects } from './selector.ts'
export type { CutText, RecordValues } from './encode.ts'
export { encodeRecord } from './encode.ts'
export type { CallShape, Parameter, Shape } from './calls.ts'
export { argumentForms, callShapeOf, describedCalls, isSeenCall } from './calls.ts'
export { compatArgument, compatPositions } from './calls32.ts'
export { errorNames } from './errornames.ts'
export { callNames } from './callnames.ts'
export type { NamedBits, NamedValue, Names } from './numbernames.ts'
export type { Machine, SyscallTable } from './syscalls.ts'
export {
  numbersNamed,
  socketcalls,
  syscallNumbers,
  syscallsByNumber,
  syscallsMax,
} from './syscalls.ts'
export type { LaidMember, RecordLayout } from './layouts.ts'
export { recordLayouts, storageBytes } from './layouts.ts'
export { byteString, printableText } from './bytestring.ts'
export { fieldNamed, fields } from './fields.ts'
export type {
  ContextEffect,
  ContextEffectName,
  ContextPartId,
  FactorId,
  KnownFact,
  ReadFact,
} from './context-facts.ts'
export {
  contextEffects,
  contextFields,
  contextPartIds,
  factorIds,
  graphFields,
} from './context-facts.ts'
export { questionTypes } from './fields-dns.ts'
export {
  descriptorCategory,
  eventCategory,
  readingTypes,
  waitingTypes,
  writingTypes,
} from './eventfacts.ts'
export type { UringOperation } from './uring.ts'
export { uringOperations } from './uring.ts'
export { isEventName, isParameterName, otherEventNames, syscallNames } from './eventnames.ts'
export { rawParameterType } from './parametertypes.ts'
export { nameHooksOf } from './namehooks.ts'
/** Members of records that a backend leaves empty, `kind.member`. */
export { untoldOn } from './untold.ts'
export type { Member as ShapeMember, ObjectShape, ValueShape } from './shape.ts'
export {
  factorWeightMost,
  labelPrefixMax,
  policyApiVersion,
  policyGroup,
  policyPlural,
  policyKind,
  policyModes,
  policyObject,
  policySpec,
  policyVersion,
  severities,
} from './runtime-policy.ts'
export {
  overrideWhen,
  severityIndicators,
  severityLevels,
  severityObject,
  severityOverride,
  severityPolicyKind,
  severityPolicyPlural,
  severitySpec,
  severityWeight,
} from './severity-policy.ts'
export { reasonOf } from './reason.ts'
export { closest } from './suggest.ts'
