/**
 * A SeverityPolicy: what operators change of judgements. Its custom resource definition
 * (`deploy/crds/`) is written from here, and its reader (`graph/judgement/policy.ts`) takes keys
 * and bounds from here. What each part means is in docs/severity.md.
 */
import { contextEffects } from './context-facts.ts'
import { factorWeightMost, labelSelector, most, objectOf } from './runtime-policy.ts'
import type { ObjectShape } from './shape.ts'
import { listOf, may, must, number, text } from './shape.ts'

export const severityPolicyKind = 'SeverityPolicy'
/** As an API server names them in paths and roles. */
export const severityPolicyPlural = 'severitypolicies'

/** How urgent an alert is, the least urgent first. */
export const severityLevels = ['info', 'low', 'medium', 'high', 'critical'] as const

const names = (least: 0 | 1 = 1): ReturnType<typeof listOf> => listOf(text(), most.entries, least)

const when = {
  is: 'object',
  members: {
    namespaces: may(names(), 'The pod is in one of these.'),
    rules: may(names(), 'The alert is of one of these rules.'),
    tags: may(names(), 'Its rule has one of these tags.'),
    containers: may(names(), 'It is of a container with one of these names.'),
    severities: may(
      listOf(text({ oneOf: severityLevels }), most.entries),
      'Its rule has one of these severities.',
    ),
    factors: may(names(), 'All of these factors hold, by their ids.'),
    noFactors: may(names(), 'None of these factors holds.'),
    namespaceSelector: may(labelSelector, 'Labels of the namespace.'),
    podSelector: may(labelSelector, 'Labels of the pod.'),
  },
} as const

/** `when` of an override: all that is given must hold. */
export const overrideWhen: ObjectShape = { ...when, someOf: Object.keys(when.members) }

export const severityOverride: ObjectShape = {
  is: 'object',
  members: {
    name: must(text(), 'What judgements call it.'),
    effect: must(text({ oneOf: contextEffects }), 'What becomes of an alert of which it holds.'),
    by: may(number(1, factorWeightMost), 'Of raise and lower: 10 is one level.', '10'),
    reason: must(text({ most: 1024 }), 'Why, for whoever reads the alert.'),
    when: must(overrideWhen, 'Of which alerts it holds: all that is given must.'),
  },
}

export const severityIndicators: ObjectShape = {
  is: 'object',
  members: {
    tags: may(names(0), 'Rules with one of these tags.'),
    rules: may(names(0), 'Rules of these names.'),
  },
}

/** A weight of a factor. */
export const severityWeight = number(0, factorWeightMost)

/** `spec` of a SeverityPolicy. */
export const severitySpec: ObjectShape = {
  is: 'object',
  members: {
    weights: may(
      { is: 'map', of: severityWeight, keys: text(), most: most.entries },
      'Weights of factors, by their ids; 10 is one level, 0 switches one off.',
    ),
    indicators: may(
      severityIndicators,
      'Detections of indicator grade, beside those of the table.',
    ),
    epssLikely: may(number(0, 1, false), 'From which EPSS probability on something is likely.'),
    staleDays: may(number(1, 3650), 'After how many days a report is old.'),
    nearSteps: may(number(1, 100), 'How many steps are near.'),
    development: may(
      listOf(labelSelector, most.entries, 0),
      'Namespaces for development, in place of the default: any of these selects their labels.',
    ),
    overrides: may(
      listOf(severityOverride, most.entries, 0),
      'Factors and suppressions of your own.',
    ),
  },
}

/** A whole object, as a file has it. */
export const severityObject: ObjectShape = objectOf(severityPolicyKind, severitySpec)
