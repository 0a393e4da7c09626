/** The official incubating rules, unmodified, see real attacks, and stay silent on their twins. */
import { join } from 'node:path'
import { officialRules, testScenarios } from './suite.ts'

const here = (name: string): string => join(import.meta.dirname, name)

testScenarios(here('falco-incubating.scenarios.yaml'), {
  rules: [officialRules('falco-incubating_rules.yaml'), here('falco-incubating.local.yaml')],
  matching: 'all',
})
