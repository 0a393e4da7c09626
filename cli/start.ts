/**
 * Where the built program begins: before the rest is read, Node.js is told where it was compiled
 * already, which `make build` has done. What lies there is for one version of Node.js, one set of
 * its flags and one user; what does not fit, or is broken, is compiled as if there were none.
 */
import { existsSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'

const folder = join(import.meta.dirname, 'compiled')
// Not made here: whoever deletes it wants none. Node.js 22.0 to 22.7 know of no such thing.
if ('enableCompileCache' in module && existsSync(folder)) module.enableCompileCache(folder)
await import('./main.ts')
