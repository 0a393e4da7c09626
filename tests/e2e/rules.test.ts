/** Bulwark's own rules see their attacks, and only those. */
import { join } from 'node:path'
import { packFiles, packScenarioFiles } from './pack.ts'
import { testScenarios } from './suite.ts'

testScenarios(packScenarioFiles, {
  rules: [...packFiles, join(import.meta.dirname, 'pack.local.yaml')],
})
