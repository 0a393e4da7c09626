/** The inner parts of the agent that making the demo needs: it makes one capture of another. */
// tidy-allow inner: only who makes captures by hand needs their parts
export { eachEntry } from '../../agent/capture/entries.ts'
// tidy-allow inner: only who makes captures by hand needs their parts
export type { CaptureHead } from '../../agent/capture/head.ts'
// tidy-allow inner: only who makes captures by hand needs their parts
export type { Note } from '../../agent/capture/notes.ts'
// tidy-allow inner: only who makes captures by hand needs their parts
export { decodeNote } from '../../agent/capture/notes.ts'
// tidy-allow inner: only who makes captures by hand needs their parts
export { readCapture } from '../../agent/capture/reader.ts'
// tidy-allow inner: only who makes captures by hand needs their parts
export { CaptureWriter } from '../../agent/capture/writer.ts'
