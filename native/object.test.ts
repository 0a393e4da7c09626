/** BPF objects: the blueprint, its knobs, loading, attaching, closing. */
import { deepEqual, equal, match, ok, rejects, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isNativeError, openHandles, openObject } from './index.ts'
import {
  compile,
  noBytes,
  noHandles,
  openTestObject,
  skip,
  u32,
  withObject,
} from './testdata/object.ts'

test('a blueprint needs no kernel', () => {
  const object = openTestObject()
  deepEqual(
    object.programs.map(({ name, section, type }) => [name, section, type]),
    [
      ['produce', 'syscall', 31],
      ['read_knob', 'syscall', 31],
      ['call_tail', 'raw_tp', 17],
      ['answer_tail', 'raw_tp', 17],
      ['on_sys_enter', 'raw_tp/sys_enter', 17],
      ['on_sys_exit', 'tracepoint/raw_syscalls/sys_exit', 5],
      ['on_nothing', 'tracepoint/raw_syscalls/nothing', 5],
      ['list_tasks', 'iter/task', 26],
    ],
  )
  const table = object.maps.find(({ name }) => name === 'table')
  deepEqual(table, { name: 'table', type: 1, keyBytes: 4, valueBytes: 8, maxEntries: 8 })
  equal(openHandles().objects, 1)
  object.close()
  deepEqual(openHandles(), noHandles)
})

test('layouts are those of the compiler', () => {
  const object = openTestObject()
  const { bytes, members } = object.structLayout('sample')
  equal(bytes, 24)
  deepEqual(
    members.map((m) => [m.name, m.offsetBytes, m.bytes, m.bitOffset, m.bits]),
    [
      ['tag', 0, 1, 0, 0],
      ['narrow', 1, 4, 0, 3],
      ['broad', 1, 4, 3, 13],
      ['whole', 8, 8, 0, 0],
      ['low', 8, 4, 0, 0],
      ['high', 12, 4, 0, 0],
      ['list', 16, 6, 0, 0],
    ],
  )
  throws(() => object.structLayout('nothing'), { code: 'BAD_ARGUMENT' })
  object.close()
})

test('knobs are set before loading, and read by the program', { skip }, () => {
  withObject(
    (object) => {
      equal(object.testRun('read_knob', noBytes, 0).returnValue, 0xffff_fffe)
      equal(object.openRing('ring').dataBytes, 8192)
      const data = new DataView(object.memory('.data'))
      equal(data.getBigInt64(object.offsetOf('.data', 'wide'), true), -3n)
      throws(() => object.info('list_tasks'), { message: /its autoload is off/ })
      for (const late of [
        () => object.setVariable('.rodata', 'knob', 1),
        () => object.setMaxEntries('ring', 4096),
        () => object.setAutoload('produce', false),
        () => object.setAttachTarget('on_sys_enter', 'x'),
        () => object.load(),
      ]) {
        throws(late, { code: 'BAD_ARGUMENT', message: /the object is loaded/ })
      }
    },
    (object) => {
      object.setVariable('.rodata', 'knob', -2)
      object.setVariable('.data', 'wide', -3n)
      object.setMaxEntries('ring', 8192)
      object.setAutoload('list_tasks', false)
    },
  )
})

test('a knob that is not there, or does not fit', () => {
  const object = openTestObject()
  throws(() => object.setVariable('.rodata', 'nothing', 1), { code: 'ENOENT' })
  throws(() => object.setVariable('.rodata', 'knob', 2 ** 32), { code: 'BAD_ARGUMENT' })
  throws(() => object.setVariable('.rodata', 'knob', -(2 ** 31) - 1), { code: 'BAD_ARGUMENT' })
  throws(() => object.setVariable('.bss', 'payload', 1), { code: 'BAD_ARGUMENT' })
  throws(() => object.setInitialValue('.rodata', 1, new Uint8Array(4)), { message: /do not fit/ })
  throws(() => object.setInitialValue('table', 0, noBytes), { message: /no global data/ })
  throws(() => object.setAutoload('nothing', true), { code: 'ENOENT' })
  object.close()
})

test('attached programs run, detached ones do not', { skip }, () => {
  withObject((object) => {
    const memory = new Uint32Array(object.memory('.bss'))
    const runs = object.offsetOf('.bss', 'runs') / 4
    const link = object.attach('on_sys_enter')
    readFileSync('/dev/null')
    equal(memory[runs], 0)
    memory[object.offsetOf('.bss', 'watched_pid') / 4] = process.pid
    readFileSync('/dev/null')
    link.detach()
    const seen = memory[runs] ?? 0
    ok(seen > 0)
    readFileSync('/dev/null')
    equal(memory[runs], seen)
    link.detach()
    throws(() => object.attach('produce'), { code: /EINVAL|EOPNOTSUPP|ESRCH/ })
  })
})

test('a tracepoint is found wherever tracefs is mounted, or not', { skip }, () => {
  withObject((object) => {
    const memory = new Uint32Array(object.memory('.bss'))
    const runs = object.offsetOf('.bss', 'runs_by_perf') / 4
    memory[object.offsetOf('.bss', 'watched_pid') / 4] = process.pid
    const link = object.attach('on_sys_exit')
    readFileSync('/dev/null')
    link.detach()
    const seen = memory[runs] ?? 0
    ok(seen > 0)
    readFileSync('/dev/null')
    equal(memory[runs], seen)
    throws(() => object.attach('on_nothing'), { code: 'ENOENT' })
  })
})

test('two objects over one map', { skip }, () => {
  withObject((object) => {
    const twin = openTestObject()
    try {
      twin.reuseMap('table', object.map('table'))
      throws(() => twin.reuseMap('nothing', object.map('table')), { code: 'ENOENT' })
      twin.load()
      object.update('table', u32(1), new Uint8Array(8).fill(9))
      const value = new Uint8Array(8)
      ok(twin.lookup('table', u32(1), value))
      equal(value[0], 9)
      throws(() => twin.reuseMap('table', object.map('table')), { code: 'BAD_ARGUMENT' })
    } finally {
      twin.close()
    }
  })
})

test('maps are made ahead of two objects that are loaded at the same time', { skip }, () => {
  const [one, other] = [openTestObject(), openTestObject()]
  one.setVariable('.data', 'wide', -3n)
  one.setMaxEntries('ring', 8192)
  throws(() => one.map('table'), { code: 'BAD_ARGUMENT', message: /load the object first/ })
  one.makeMaps()
  throws(() => one.setMaxEntries('ring', 4096), { message: /it is made/ })
  throws(() => one.setVariable('.data', 'wide', 1), { message: /it is made/ })
  // Constants are each object's own.
  throws(() => one.map('.rodata'), { code: 'BAD_ARGUMENT' })
  one.setVariable('.rodata', 'knob', -2)
  for (const { name } of other.maps) {
    if (!name.endsWith('.rodata')) other.reuseMap(name, one.map(name))
  }
  equal(one.openRing('ring').dataBytes, 8192)
  one.beginLoad()
  other.beginLoad()
  one.endLoad()
  other.endLoad()
  equal(one.testRun('read_knob', noBytes, 0).returnValue, 0xffff_fffe)
  const data = new DataView(other.memory('.data'))
  equal(data.getBigInt64(other.offsetOf('.data', 'wide'), true), -3n)
  one.update('table', u32(1), new Uint8Array(8).fill(9))
  const value = new Uint8Array(8)
  ok(other.lookup('table', u32(1), value))
  equal(value[0], 9)
  throws(() => one.makeMaps(), { code: 'BAD_ARGUMENT' })
  other.close()
  one.close()
  deepEqual(openHandles(), noHandles)
})

test('an iterator is read from start to end', { skip }, () => {
  withObject((object) => {
    const link = object.attach('list_tasks')
    const tasks = new Uint32Array(link.readIterator(1 << 20).buffer)
    const own = tasks.findIndex((pid, i) => i % 2 === 0 && pid === process.pid)
    ok(own >= 0)
    equal(link.readIterator(1 << 20).length % 8, 0)
    throws(() => link.readIterator(8), { code: 'EOVERFLOW' })
    const other = object.attach('on_sys_enter')
    throws(() => other.readIterator(8), isNativeError)
  })
})

test('closing an object closes what came from it, and a second time nothing', { skip }, () => {
  const object = openTestObject()
  object.load()
  const link = object.attach('on_sys_enter')
  const ring = object.openRing('ring')
  const memory = new Uint8Array(object.memory('.bss'))
  equal(object.memory('.bss'), memory.buffer)
  const table = object.map('table')
  deepEqual(openHandles(), {
    objects: 1,
    programs: 0,
    maps: 3,
    links: 1,
    rings: 1,
    sockets: 0,
    keepers: 0,
  })
  object.close()
  object.close()
  deepEqual(openHandles(), noHandles)
  equal(memory.length, 0)
  link.detach()
  ring.close()
  for (const late of [
    () => object.programs,
    () => object.load(),
    () => object.map('table'),
    () => object.attach('produce'),
    () => object.testRun('read_knob', noBytes, 0),
    () => table.lookup(new Uint8Array(4), new Uint8Array(8)),
    () => link.readIterator(1),
  ]) {
    throws(late, { name: 'NativeError', code: 'CLOSED', message: /is closed/ })
  }
})

test('an object is loaded on another thread', { skip }, async () => {
  const object = openTestObject()
  const loading = object.loadAside()
  throws(() => object.load(), { code: 'BAD_ARGUMENT' })
  throws(() => object.map('table'), { code: 'BAD_ARGUMENT' })
  await loading
  ok(object.programFd('read_knob') > 0)
  object.close()
  const closed = openTestObject()
  const late = closed.loadAside()
  closed.close()
  await late
  throws(() => closed.map('table'), { code: 'CLOSED' })
  const refused = openObject(compile('refused'), 'refused')
  await rejects(refused.loadAside(), { code: 'EACCES', log: /invalid mem access 'scalar'/ })
  refused.close()
  deepEqual(openHandles(), noHandles)
})

test('objects are loaded at the same time, and waited for', { skip }, () => {
  const [one, other] = [openTestObject(), openTestObject()]
  throws(() => one.endLoad(), { code: 'BAD_ARGUMENT' })
  one.beginLoad()
  other.beginLoad()
  throws(() => one.load(), { code: 'BAD_ARGUMENT' })
  throws(() => one.beginLoad(), { code: 'BAD_ARGUMENT' })
  throws(() => one.map('table'), { code: 'BAD_ARGUMENT' })
  one.endLoad()
  other.endLoad()
  ok(one.programFd('read_knob') > 0)
  ok(other.programFd('read_knob') > 0)
  throws(() => one.endLoad(), { code: 'BAD_ARGUMENT' })
  one.close()
  other.close()
  const closed = openTestObject()
  closed.beginLoad()
  closed.close()
  throws(() => closed.endLoad(), { code: 'CLOSED' })
  const refused = openObject(compile('refused'), 'refused')
  refused.beginLoad()
  throws(() => refused.endLoad(), { code: 'EACCES', log: /invalid mem access 'scalar'/ })
  refused.close()
  deepEqual(openHandles(), noHandles)
})

test('what the verifier says comes with its refusal', { skip }, () => {
  const object = openObject(compile('refused'), 'refused')
  try {
    throws(
      () => object.load(),
      (error) => {
        ok(isNativeError(error))
        equal(error.code, 'EACCES')
        equal(error.errno, 13)
        match(error.message, /^cannot load BPF object refused: Permission denied \(EACCES\); /)
        match(error.log, /invalid mem access 'scalar'/)
        return true
      },
    )
  } finally {
    object.close()
  }
})

test('bytes that are no object', () => {
  for (const bytes of [
    noBytes,
    new Uint8Array(64),
    new TextEncoder().encode('\x7fELF'.repeat(50)),
  ]) {
    throws(() => openObject(bytes, 'garbage'), { code: /LIBBPF|EINVAL/ })
  }
  deepEqual(openHandles(), noHandles)
})
