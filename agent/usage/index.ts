/** Which files run in the containers of this node, for whoever asks which packages are in use. */
export type { FileUse, UsageOptions } from './feed.ts'
export { UsageFeed } from './feed.ts'
