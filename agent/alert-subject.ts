/** Whom an alert is about, as those ask who judge it in its context. */
import type { ActPeer, AlertAct, AlertSubject, RunProgram } from '@bulwark/schema'
import {
  EventNumber,
  RECORD_RESULT_UNKNOWN,
  headerOf,
  openOf,
  printableText,
} from '@bulwark/schema'
import { addressText } from './network/addresses.ts'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import { opensForWrite } from './names.ts'
import type { Process } from './process.ts'

const programOf = ({ exePath, exe, args, cwd }: Process): RunProgram => ({
  executable: printableText(exePath),
  programArguments: [exe, ...args.slice(0, limits.subjectArgumentsMax)].map(printableText),
  workingDirectory: printableText(cwd),
})

/** The process and those above it, as long as they are of its cgroup, and so of its container. */
const programsOf = (process: Process): readonly RunProgram[] => {
  const programs: RunProgram[] = []
  let each: Process | undefined = process
  // Two that started in one tick of /proc's clock may each be taken for the other's parent.
  for (let level = 0; each && level < limits.ancestorsMax; level++, each = each.parent) {
    if (each.cgroupId !== process.cgroupId || programs.length === limits.subjectProgramsMax) break
    if (each.exePath !== '') programs.push(programOf(each))
  }
  return programs
}

const inProgress = -115

const outcomeOf = (event: LiveEvent): AlertSubject['outcome'] => {
  if ((headerOf.flags(event.record) & RECORD_RESULT_UNKNOWN) !== 0) return 'unknown'
  // A connection that nobody waits for: how it ends is not told.
  if (event.result === inProgress && event.kind === EventNumber.connect) return 'unknown'
  return event.isSyscall && event.result < 0 ? 'failed' : 'done'
}

const peerOf = ({ socket }: LiveEvent): ActPeer | undefined => {
  if (socket?.role !== 'client' || socket.remotePort === 0) return undefined
  if (socket.family !== 'ipv4' && socket.family !== 'ipv6') return undefined
  const { remoteAddress, remotePort: port, protocol } = socket
  return { address: addressText(remoteAddress), port, protocol }
}

const isOpen = (event: LiveEvent): boolean => event.kind === EventNumber.open

/** Of a file that is opened, a socket with a path, and the name that a link or a rename makes. */
const filesOf = (event: LiveEvent): readonly string[] => {
  const { socket } = event
  const files: string[] = []
  const add = (name: string | undefined): void => {
    if (name === undefined || name === '') return
    const text = printableText(name)
    if (!files.includes(text)) files.push(text)
  }
  add(event.fileName)
  if (isOpen(event)) add(openOf.rawPath(event.record))
  add(event.newPath)
  if (socket?.family === 'unix') add(socket.name)
  return files
}

const actOf = (event: LiveEvent): AlertAct => ({
  type: event.type,
  files: filesOf(event),
  isWrite:
    event.newPath !== undefined || (isOpen(event) && opensForWrite(openOf.openFlags(event.record))),
  peer: peerOf(event),
})

/** What of a record cannot be read no rule has to ask for: its alert is worth more than the act. */
const readableAct = (event: LiveEvent): AlertAct | undefined => {
  try {
    return actOf(event)
  } catch {
    return undefined
  }
}

/** The subject of an event, while its record is valid. */
export const subjectOf = (event: LiveEvent): AlertSubject => {
  const metadata = event.container?.metadata
  return {
    namespace: metadata?.namespace,
    podName: metadata?.podName,
    container: metadata?.name,
    imageDigest: metadata?.imageDigest,
    programs: event.container ? programsOf(event.process) : [],
    outcome: outcomeOf(event),
    act: readableAct(event),
  }
}
