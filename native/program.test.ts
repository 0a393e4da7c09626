/** Programs made of raw instructions, run in the kernel by test-run; and tail calls. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { createMap, findKernelType, loadProgram, openHandles, skippedRuns } from './index.ts'
import { noBytes, noHandles, skip, u32, withObject } from './testdata/object.ts'

const rawTracepoint = 17
const tracing = 26
const traceRawTracepoint = 23

/** Instructions by their parts, as struct bpf_insn has them. */
const assemble = (...parts: readonly [code: number, registers: number, immediate: number][]) => {
  const bytes = new DataView(new ArrayBuffer(8 * parts.length))
  for (const [i, [code, registers, immediate]] of parts.entries()) {
    bytes.setUint8(8 * i, code)
    bytes.setUint8(8 * i + 1, registers)
    bytes.setInt32(8 * i + 4, immediate, true)
  }
  return new Uint8Array(bytes.buffer)
}

const setResult = (value: number) => [0xb7, 0, value] as [number, number, number]
const exit: [number, number, number] = [0x95, 0, 0]
const spec = { type: rawTracepoint, name: 'answer', license: 'GPL' }

test('three instructions, run in the kernel', { skip }, () => {
  const add: [number, number, number] = [0x07, 0, 2]
  const program = loadProgram({ ...spec, instructions: assemble(setResult(40), add, exit) })
  equal(program.testRun(noBytes, 0).returnValue, 42)
  const info = program.info()
  equal(info.type, rawTracepoint)
  equal(info.verifiedInstructions, 3)
  match(info.tag, /^[0-9a-f]{16}$/)
  equal(openHandles().programs, 1)
  program.close()
  program.close()
  throws(() => program.testRun(noBytes, 0), { code: 'CLOSED' })
  deepEqual(openHandles(), noHandles)
})

test('runs that were left out are asked of several programs at once', { skip }, () => {
  const program = loadProgram({ ...spec, instructions: assemble(setResult(0), exit) })
  const { fd } = program
  equal(skippedRuns(Int32Array.of()), 0)
  equal(skippedRuns(Int32Array.of(fd, fd)), 2 * program.info().recursionMisses)
  throws(() => skippedRuns(Int32Array.of(fd, -1)), { code: 'EBADFD' })
  program.close()
})

test('a program gets its context', { skip }, () => {
  // r0 = *(u64 *)(r1 + 0): the first argument of the tracepoint.
  const instructions = assemble([0x79, 0x10, 0], exit)
  const program = loadProgram({ ...spec, instructions })
  const context = new Uint8Array(new BigUint64Array([77n]).buffer)
  equal(program.testRun(context, 0).returnValue, 77)
  throws(() => program.testRun(noBytes, 0), { code: 'EINVAL' })
  throws(() => program.testRun(context, 5), { code: 'EINVAL' })
  program.close()
})

test('a program that names a map by its file descriptor', { skip }, () => {
  const map = createMap({ type: 2, name: 'numbers', keyBytes: 4, valueBytes: 4, maxEntries: 1 })
  map.update(u32(0), u32(99))
  const program = loadProgram({
    ...spec,
    instructions: assemble(
      [0x62, 0x0a, 0], // *(u32 *)(r10 + 0) = 0; the offset is put in below
      [0xbf, 0xa2, 0], // r2 = r10
      [0x07, 0x02, -4], // r2 += -4
      [0x18, 0x11, map.facts.fd], // r1 = map
      [0, 0, 0],
      [0x85, 0, 1], // call bpf_map_lookup_elem
      [0x55, 0, 0], // if r0 != 0 goto +1; the offset is put in below
      exit,
      [0x61, 0, 0], // r0 = *(u32 *)(r0 + 0)
      exit,
    ).map((byte, i) => (i === 2 ? 0xfc : i === 3 ? 0xff : i === 50 ? 1 : byte)),
  })
  equal(program.testRun(noBytes, 0).returnValue, 99)
  program.close()
  map.close()
  deepEqual(openHandles(), noHandles)
})

test('tail calls: a program of the object, a raw one, one that is gone', { skip }, () => {
  withObject((object) => {
    const call = (): number => object.testRun('call_tail', noBytes, 0).returnValue
    equal(call(), 1)
    object.setTailCall('tails', 2, 'answer_tail')
    equal(call(), 7)
    const program = loadProgram({ ...spec, instructions: assemble(setResult(42), exit) })
    object.setTailCall('tails', 2, program)
    program.close()
    equal(call(), 42) // The prog array keeps it.
    equal(object.delete('tails', u32(2)), true)
    equal(call(), 1)
    throws(() => object.setTailCall('tails', 4, 'answer_tail'), { code: 'E2BIG' })
    throws(() => object.setTailCall('tails', 0, 'produce'), { code: 'EINVAL' })
    throws(() => object.setTailCall('table', 0, 'answer_tail'), { code: 'BAD_ARGUMENT' })
    throws(() => object.setTailCall('tails', 0, program), { code: 'CLOSED' })
    throws(() => object.setTailCall('tails', 0, { fd: 0 }), { code: /EINVAL|EBADF/ })
  })
})

test('a program for a hook of the kernel’s types', { skip }, () => {
  const attachBtfId = findKernelType('btf_trace_sys_exit', 'typedef')
  const program = loadProgram({
    type: tracing,
    name: 'on_exit',
    license: 'GPL',
    instructions: assemble(setResult(0), exit),
    expectedAttachType: 23, // BPF_TRACE_RAW_TP
    ...(attachBtfId !== undefined && { attachBtfId }),
  })
  const { attachBtfId: known } = program.info()
  equal(known === 0 || known === attachBtfId, true)
  program.close()
})

test('what the verifier says comes with its refusal', { skip }, () => {
  const load = (instructions: Uint8Array) => () => loadProgram({ ...spec, instructions })
  throws(load(assemble(exit)), { code: 'EACCES', log: /R0 !read_ok/ })
  const endless = Array.from({ length: 3000 }, (_, i) => setResult(i))
  throws(load(assemble(...endless, [0x61, 0x10, 0], [0xbf, 0x20, 0], exit)), (error: Error) => {
    const { log } = error as Error & { log: string }
    match(log, /R2 !read_ok/)
    equal(log.length <= 65_536, true)
    return true
  })
  throws(load(new Uint8Array(12)), { code: 'BAD_ARGUMENT' })
  throws(load(noBytes), { code: 'BAD_ARGUMENT' })
  throws(() => loadProgram({ ...spec, type: 9999, instructions: assemble(exit) }), {
    code: 'EINVAL',
  })
  deepEqual(openHandles(), noHandles)
})

test('a program for a kernel type is attached to it', { skip }, () => {
  const attachBtfId = findKernelType('btf_trace_sys_enter', 'typedef')
  ok(attachBtfId)
  const instructions = assemble(setResult(0), exit)
  const program = loadProgram({
    ...spec,
    type: tracing,
    instructions,
    expectedAttachType: traceRawTracepoint,
    attachBtfId,
  })
  const link = program.attach('sys_enter')
  throws(() => link.readIterator(8), { code: /EINVAL/ })
  equal(openHandles().links, 1)
  link.detach()
  equal(openHandles().links, 0)
  program.attach('sys_enter')
  program.close()
  deepEqual(openHandles(), noHandles)
  throws(() => program.attach('sys_enter'), { code: 'CLOSED' })
  const unfit = loadProgram({ ...spec, instructions })
  throws(() => unfit.attach('nothing'), { code: 'EFAULT', message: /attach a program to nothing/ })
  unfit.close()
})

test('a copy of a program uses the maps of its object', { skip }, () => {
  withObject((object) => {
    object.setTailCall('tails', 2, 'answer_tail')
    const copy = object.copyProgram('call_tail', 'GPL', 0)
    equal(copy.testRun(noBytes, 0).returnValue, 7)
    copy.close()
    throws(() => object.copyProgram('nothing', 'GPL', 0), { code: 'ENOENT' })
  })
})
