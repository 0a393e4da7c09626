/** The official stable rules, unmodified, see real attacks, and stay silent on their twins. */
import { join } from 'node:path'
import { officialRules, testScenarios } from './suite.ts'

testScenarios(join(import.meta.dirname, 'falco-stable.scenarios.yaml'), {
  rules: [officialRules('falco_rules.yaml')],
  hosts: ['192.0.2.10 kubernetes.default.svc.cluster.local'],
})
