/**
 * Every program of every object loads, in both forms of reading kernel memory: the verifier of
 * this kernel accepts it, and every member it reads is there. Nothing is attached.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openObject, probeKernelType } from '@bulwark/native'
import { backendFindings } from '@bulwark/agent'
import { directReads, functionOfCall, machineOf, takesHook, uringSupport } from './inner.ts'
import { chosen } from './recorder.ts'
import { checkNothingOpen, skip } from './stage.ts'

const dist = join(import.meta.dirname, '../../dist')

/** Sections of programs whose function the agent chooses; those of all calls take the same. */
const atFunctions = new Set(['fentry', 'fexit'])
const machine = machineOf(process.arch) ?? 'x64'
const anyFunction = skip === false ? (functionOfCall(machine, 'openat')?.name ?? '') : ''

/** The tracepoints of io_uring had several forms: of the programs for them only some fit;
 * and not every security hook takes a program. */
const isOfThisKernel = (program: string): boolean => {
  if (program.startsWith('hear_')) return takesHook(program.replace('hear_', ''))
  return (
    !program.startsWith('on_uring_') ||
    uringSupport().hooks.some((hook) => hook.program === program)
  )
}

/** Loads all of an object; returns how many programs that were. */
const loadAll = (file: string): number => {
  const object = openObject(readFileSync(join(dist, file)), 'load')
  try {
    const names = object.programs.map(({ name }) => name)
    for (const { name, section } of object.programs) {
      object.setAutoload(name, isOfThisKernel(name))
      if (atFunctions.has(section)) object.setAttachTarget(name, anyFunction)
    }
    object.load()
    return names.filter((name) => isOfThisKernel(name) && object.programFd(name) > 0).length
  } finally {
    object.close()
    checkNothingOpen()
  }
}

const noDirect =
  probeKernelType(directReads, 'function') === 'yes' ? false : `no kfunc ${directReads}`

/** Emulated, each takes half a minute; the agent never takes a form that does not fit. */
const isGuest = process.env['BULWARK_GUEST'] !== undefined
const unlessFits = (fits: boolean): string | false =>
  isGuest && !fits ? 'in a guest, only the form that fits' : false
const skipCalls = skip || unlessFits(noDirect !== false)
const skipDirect = skip || noDirect || unlessFits(!chosen.byPerf)

test('with reads by calls', { skip: skipCalls }, () => {
  assert.ok(loadAll('tracepoint.bpf.o') > 0)
})

test('with reads by loads', { skip: skipDirect }, () => {
  assert.ok(loadAll('tracepoint.direct.bpf.o') > 0)
})

/** The agent takes it only where this kernel preempts programs at tracepoints. */
const skipPerf = skip || (chosen.byPerf ? false : 'no program at a tracepoint is preempted here')

test('through perf', { skip: skipPerf }, () => {
  assert.ok(loadAll('tracepoint.perf.bpf.o') > 0)
})

const [functions] = skip === false ? backendFindings(machine) : []
const skipSecurity = skip || (functions?.probe === 'yes' ? false : `none of the ${functions?.name}`)

test('the security backend, with reads by calls', { skip: skipSecurity || skipCalls }, () => {
  assert.ok(loadAll('security.bpf.o') > 0)
})

test('the security backend, with reads by loads', { skip: skipSecurity || skipDirect }, () => {
  assert.ok(loadAll('security.direct.bpf.o') > 0)
})

test('the security backend, through perf', { skip: skipSecurity || skipPerf }, () => {
  assert.ok(loadAll('security.perf.bpf.o') > 0)
})
