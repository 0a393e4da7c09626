/**
 * `make conformance`: runs the case files of a folder, says what failed and why, and ends with one
 * line of JSON. Exit code 1 when something failed or there was nothing to run.
 *
 *   node tests/conformance/run.ts           the folder beside the repository; writes the table
 *   node tests/conformance/run.ts FOLDER    another one
 */
import { existsSync } from 'node:fs'
import { caseFolder } from './cases.ts'
import type { GroupResult } from './suite.ts'
import { fieldResult, runSuite } from './suite.ts'
import { writeTable } from './table.ts'

const main = ([other]: readonly string[]): void => {
  const folder = other ?? caseFolder
  if (!existsSync(folder)) console.log(`no folder ${folder}; name one: make conformance CASES=DIR`)
  const groups = existsSync(folder) ? runSuite(folder) : []
  if (other === undefined && groups.length > 0) writeTable([...groups, fieldResult()])
  for (const { name, passed, failed, skipped, missing } of groups) {
    console.log(
      missing === undefined
        ? `${name}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped`
        : `${name}: ${missing}`,
    )
    for (const fault of failed) console.log(`  failed ${fault}`)
    for (const reason of skipped) console.log(`  skipped ${reason}`)
  }
  const sum = (count: (group: GroupResult) => number): number =>
    groups.reduce((total, group) => total + count(group), 0)
  const passed = sum((group) => group.passed)
  const failed = sum((group) => group.failed.length)
  const skipped = sum((group) => group.skipped.length)
  console.log(`{"passed": ${passed}, "failed": ${failed}, "skipped": ${skipped}}`)
  if (failed > 0 || passed + skipped === 0) process.exitCode = 1
}

main(process.argv.slice(2))
