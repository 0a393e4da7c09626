/** What the pieces are called that test files are made into: `bundle.ts`. */
import { join, relative } from 'node:path'

/** Relative to the root of the work tree. */
export const bundleFolder = '.build/guest-tests'

/** The name of the piece that a test file becomes, relative to the root of the work tree. */
export const bundleOf = (file: string): string => join(bundleFolder, file.replace(/\.ts$/, '.mjs'))

/** The test file that a piece was made of. */
export const fileOfBundle = (bundle: string): string =>
  relative(bundleFolder, bundle).replace(/\.mjs$/, '.ts')

/** Files run as the pieces that were made of them: in guests. */
export const isBundled = process.env['BULWARK_BUNDLED'] === '1'

/** What runs for a test file. Relative to the root of the work tree. */
export const runnable = (file: string): string => (isBundled ? bundleOf(file) : file)

/** Runs several test files in one process. Relative to the root of the work tree. */
export const joinedRunner = join('tools/test', './joined.ts')
