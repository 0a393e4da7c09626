/** Bulwark's own rules see their attacks, and only those. */
import { packFiles, packScenarioFiles } from './pack.ts'
import { testScenarios } from './suite.ts'

testScenarios(packScenarioFiles, { rules: packFiles })
