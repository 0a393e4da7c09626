/** What the container runtime says over its CRI socket. */
export { CriClient } from './client.ts'
export { criFinding } from './probe.ts'
export { Message, bytesField, joined, numberField } from './protobuf.ts'
export type { CriOptions } from './source.ts'
export { CriSource, criSockets, isSocket } from './source.ts'
