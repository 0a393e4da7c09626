/**
 * Test files one after another in one process, each a suite of its name, with its own hooks. On an
 * emulated machine each process takes seconds to start, to read its modules and to get fast.
 *
 *   node tools/test/joined.ts MS_MAX FILE...     MS_MAX: for a file
 */
import { join } from 'node:path'
import { afterEach, suite } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { runnable } from './bundle-names.ts'

const root = join(import.meta.dirname, '../..')
const [msMax, ...files] = process.argv.slice(2)
for (const file of files) {
  void suite(file, { timeout: Number(msMax) }, async () => {
    // Results are told when the event loop turns, which tests that wait for nothing do not do.
    afterEach(async () => {
      await nextTurn()
    })
    await import(join(root, runnable(file)))
  })
}
