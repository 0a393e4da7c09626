/**
 * The inner parts of other folders that these tests are about: the sensor without the engine
 * behind it, its tables, and the generator's layout. Their folders do not offer them to anybody
 * else, so this is the one file that reaches in.
 */
// tidy-allow inner: the bounds are what the loss tests fill up
export { limits } from '../../agent/limits.ts'
// tidy-allow inner: which hierarchies the agent looks at decides what a test can do
export { cgroupMode, readCgroups } from '../../agent/container/cgroups.ts'
// tidy-allow inner: and what the kernel calls them there
export { rootCgroup, unifiedNumber } from '../../agent/container/cgroups.ts'
// tidy-allow inner: the emptying of the ring that ships, so that a test does not need another
export { startDrain } from '../../agent/sensor/drain.ts'
// tidy-allow inner: which form of the object a kernel takes is the agent's own affair
export { directReads } from '../../agent/sensor/object-file.ts'
// tidy-allow inner: the sensor is what these tests are about; nobody else needs it bare
export { startSensor } from '../../agent/sensor/sensor.ts'
// tidy-allow inner: the machine this runs on
export { machineOf } from '../../agent/sensor/hook-plan.ts'
// tidy-allow inner: the sensor is what these tests are about; nobody else needs it bare
export type { Sensor, SensorOptions } from '../../agent/sensor/sensor.ts'
// tidy-allow inner: what the sensor counts is compared with what was done
export type { KernelCounters } from '../../agent/sensor/loss-counters.ts'
// tidy-allow inner: what the sensor counts is compared with what was done
export type { Loss } from '../../agent/loss.ts'
// tidy-allow inner: what the sensor counts is compared with what was done
export type { Shed } from '../../agent/flood.ts'
// tidy-allow inner: what the programs of the security backend are loaded for
export { functionOfCall } from '../../agent/call-functions.ts'
// tidy-allow inner: which names hooks tell depends on which of them take programs
export { takesHook } from '../../agent/sensor/security-hooks.ts'
// tidy-allow inner: the generator's own arithmetic is compared with the compiler's
export { layOut } from '../../tools/generate/layout.ts'
// tidy-allow inner: which tracepoints of io_uring the kernel has, to know what to expect
export { hasUring, uringSupport } from '../../agent/sensor/uring.ts'
// tidy-allow inner: a handler in place of those of bpf/, to try what a filter does with its slot
export { Assembler, bytesOf } from '../../policy/kernel/assembler.ts'
// tidy-allow inner: what filters need of the layout that the compiler makes
export { readBehindBytesMax } from '../../policy/kernel/scan.ts'
// tidy-allow inner: records that nearly fit a plan
export { NearRecords, cgroupIds, classIds } from '../../policy/kernel/testdata/records.ts'
// tidy-allow inner: large plans, which the generator is tried on too
export { planOfRanges, planOfRules } from '../../policy/kernel/testdata/many-rules.ts'
