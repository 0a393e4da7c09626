/** The inner parts of other folders that these tests need. */
// tidy-allow inner: the client that ships speaks CRI for the tests, too
export { CriClient, Message, bytesField, joined, numberField } from '../../agent/cri/index.ts'
// tidy-allow inner: a runtime that does what it should not, as the client's own tests have it
export { FakeRuntime, answer, wellBehaved } from '../../agent/cri/testdata/runtime.ts'
