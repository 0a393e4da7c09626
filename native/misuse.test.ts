/** What JavaScript must not do, done: wrong arguments, dead handles, ends with all open. */
import { deepEqual, ok, throws } from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as fc from 'fast-check'
import type { Handle } from './addon.ts'
import { addon } from './addon.ts'
import { isNativeError, openHandles } from './index.ts'
import { compile, noHandles, openTestObject, produce, skip } from './testdata/object.ts'
import { seedOf } from './testdata/seed.ts'

type AnyFunction = (...values: unknown[]) => unknown

// Not the probes, which take long, nor what would change the errors of the others.
const functions = Object.entries(addon() as unknown as Record<string, AnyFunction>).filter(
  ([name]) => !/^probe|^setErrorFactory$/.test(name),
)

/** Stands for a handle that is open; see `openAll`. */
class Open {
  readonly kind: 'object' | 'map' | 'array' | 'ring' | 'link'

  constructor(kind: Open['kind']) {
    this.kind = kind
  }
}

/** What a function gets is real more often than not, so that some calls pass. */
const anything = fc.oneof(
  fc.constantFrom('object', 'map', 'array', 'ring', 'link').map((kind) => new Open(kind)),
  fc.constantFrom('table', 'tails', '.bss', 'ring', 'produce', 'list_tasks', 'knob', '.rodata'),
  fc.integer({ min: 0, max: 8 }),
  fc.boolean(),
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ maxLength: 16 }),
  fc.constantFrom(undefined, null, NaN, -1, 0.5, 2 ** 32, 2 ** 53, 10n, 'a\0b', '\ud800', [], {}),
  fc.constantFrom('x'.repeat(5000), new Uint32Array(2), new ArrayBuffer(8)),
  fc.constant(() => {}),
  fc.constant(null).map(() => {
    const bytes = new Uint8Array(8)
    bytes.buffer.transfer()
    return bytes
  }),
)

const openAll = (bytes: Uint8Array): Record<Open['kind'], Handle<string>> => {
  const object = addon().openObject(bytes, 'test')
  addon().loadObject(object)
  const ringMap = addon().openMap(object, 'ring').handle
  return {
    object,
    map: addon().openMap(object, 'table').handle,
    array: addon().openMap(object, '.bss').handle,
    ring: addon().openRing(ringMap, 64, 4096).handle,
    link: addon().attach(object, 'list_tasks'),
  }
}

/** Closes everything: ids are given in order. */
const closeAll = (object: Handle<string>): void => {
  for (let id: number = object; Object.values(openHandles()).some((count) => count > 0); id++) {
    addon().close(id as Handle<string>)
  }
}

test('law: any arguments give a result or a NativeError', { skip }, (t) => {
  const bytes = compile('native')
  const counts = { passed: 0, refused: 0 }
  const check = ([name, call]: [string, AnyFunction], values: unknown[]): void => {
    const handles = openAll(bytes)
    try {
      call(...values.map((value) => (value instanceof Open ? handles[value.kind] : value)))
      counts.passed++
    } catch (error) {
      ok(isNativeError(error), `${name}: ${String(error)}`)
      counts.refused++
    } finally {
      closeAll(handles.object)
    }
  }
  const property = fc.property(
    fc.constantFrom(...functions),
    fc.array(anything, { maxLength: 6 }),
    check,
  )
  fc.assert(property, { seed: seedOf(t), numRuns: 400 })
  t.diagnostic(JSON.stringify(counts))
  ok(counts.passed > 20 && counts.refused > 100)
})

test('a handle of another kind, of nothing, of what is gone', { skip }, () => {
  const handles = openAll(compile('native'))
  const describe = (handle: Handle<string>) => () =>
    addon().describeMaps(handle as Handle<'object'>)
  throws(describe(handles.map), { code: 'BAD_ARGUMENT' })
  throws(describe(0 as Handle<string>), { code: 'CLOSED' })
  throws(describe(1e9 as Handle<string>), { code: 'CLOSED' })
  addon().close(handles.object)
  throws(describe(handles.object), { code: 'CLOSED' })
  // A link holds on to its object.
  addon().close(handles.link)
  closeAll(handles.object)
  deepEqual(openHandles(), noHandles)
})

test('an environment that ends with all open takes it along', { skip }, async () => {
  const helpers = new URL('testdata/object.ts', import.meta.url)
  const code = `
    import { openTestObject, produce } from ${JSON.stringify(helpers.href)}
    const object = openTestObject()
    object.load()
    object.attach('on_sys_enter')
    object.memory('.bss')
    const ring = object.openRing('ring')
    ring.onReadable(() => {})
    produce(object, { count: 3 })
  `
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
  const [exitCode] = (await once(worker, 'exit')) as [number]
  deepEqual(exitCode, 0)
  deepEqual(openHandles(), noHandles)
  // This environment is as it was.
  const object = openTestObject()
  object.load()
  produce(object, { count: 1 })
  object.close()
})
