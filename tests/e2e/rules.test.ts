/** Bulwark's own rules see their attacks, and only those. */
import { join } from 'node:path'
import { testScenarios } from './suite.ts'

const rules = join(import.meta.dirname, '../../rules')

testScenarios(join(rules, 'scenarios.yaml'), { rules: [join(rules, 'bulwark.yaml')] })
