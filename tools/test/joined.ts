/**
 * Test files one after another in one process, each a suite of its name, with its own hooks. On an
 * emulated machine each process takes seconds to start, to read its modules and to get fast.
 *
 *   node tools/test/joined.ts MS_MAX FILE...     MS_MAX: for a file
 */
import { join } from 'node:path'
import { suite } from 'node:test'
import { runnable } from './bundle-names.ts'

const root = join(import.meta.dirname, '../..')
const [msMax, ...files] = process.argv.slice(2)
for (const file of files) {
  void suite(file, { timeout: Number(msMax) }, async () => {
    await import(join(root, runnable(file)))
  })
}
