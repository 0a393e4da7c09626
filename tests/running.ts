/** `bulwark run` as its own tests start it, for those that are about the whole of it. */
// tidy-allow inner: cli/ offers the program, not how its tests run it
export { bulwark, mainFile } from '../cli/testdata/bulwark.ts'
// tidy-allow inner: cli/ offers the program, not how its tests run it
export type { Running } from '../cli/testdata/running.ts'
// tidy-allow inner: cli/ offers the program, not how its tests run it
export { end, skip, startBulwark, startRun, startServer, timeout } from '../cli/testdata/running.ts'
// tidy-allow inner: cli/ offers the program, not how its tests run it
export { useRareProgram } from '../cli/testdata/rare.ts'
// tidy-allow inner: cli/ offers the program, not how its tests run it
export { alertAt, channelTo } from '../cli/testdata/channel.ts'
// tidy-allow inner: cli/ offers the program, not how its tests serve
export { serveShop } from '../cli/testdata/shop-server.ts'
