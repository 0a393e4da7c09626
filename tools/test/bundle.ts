/**
 * Test files as one piece each, with what they share in pieces of its own. An emulated machine
 * takes longer to find and read the hundreds of modules of a test file than to run it.
 *
 *   node tools/test/bundle.ts ROOT FILE...     ROOT: where the work tree will be
 */
import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Plugin } from 'esbuild'
import { build } from 'esbuild'
import { bundleFolder } from './bundle-names.ts'
import { root } from './group.ts'

/** Packages in the older form ask for parts of Node.js by `require`. */
const banner =
  "import { createRequire as bannerRequire } from 'node:module'; const require = bannerRequire('/')"

/** Where a module lies is what it was, in the copy of the work tree that a guest has. */
const placesIn = (guestRoot: string): Plugin => ({
  name: 'places',
  setup: (bundler) => {
    bundler.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
      const place = join(guestRoot, relative(root, path))
      const text = (await readFile(path, 'utf8'))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(place)))
        .replaceAll('import.meta.url', JSON.stringify(`file://${place}`))
        .replaceAll('import.meta.main', 'false')
      return { contents: text, loader: 'ts' }
    })
  },
})

const [guestRoot = '', ...files] = process.argv.slice(2)
await build({
  absWorkingDir: root,
  entryPoints: files,
  outbase: '.',
  outdir: bundleFolder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  banner: { js: banner },
  logLevel: 'error',
  plugins: [placesIn(guestRoot)],
})
