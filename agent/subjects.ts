/**
 * What events have in common, and rules ask again and again: the process with its ancestors and its
 * container, and the file. Whether a condition holds on them is kept with them (`Subject` of
 * policy/), for as long as nothing changes of what their fields are read from.
 *
 * *Invariant:* a field is named here only when it is read from nothing but its subject, and what
 * changes of a process goes through `ProcessTable`, which forgets the answers.
 */
import type { FieldRef } from '@bulwark/schema'
import { EventNumber } from '@bulwark/schema'
import type { Answers } from '@bulwark/policy'
import { Subject } from '@bulwark/policy'
import { Ancestries } from './ancestry.ts'
import { BoundedMap } from './bounded.ts'
import type { Container, ContainerMetadata } from './container/container.ts'
import type { FileKind } from './file-type.ts'
import { kindOfFile } from './file-type.ts'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'

/**
 * Fields of an `Ancestry` and the container: the program of the process, its name, and those of its
 * ancestors.
 */
export const ancestryFields: ReadonlySet<string> = new Set(
  [
    'proc.exe proc.pexe proc.aexe proc.exepath proc.pexepath proc.aexepath',
    'proc.name proc.pname proc.aname proc.args proc.aargs proc.tty',
    'proc.cmdline proc.pcmdline proc.acmdline proc.cmdnargs proc.cmdlenargs proc.exeline',
    'proc.is_exe_upper_layer proc.is_exe_lower_layer proc.is_exe_from_memfd',
    'container.id container.full_id container.name container.image container.image.repository',
    'image.name image.repository image.tag image.digest',
    'container.image.tag container.image.digest container.image.id container.type',
    'container.privileged container.mounts container.mount container.mount.source',
    'container.mount.dest container.mount.mode container.mount.rdwr container.mount.propagation',
    'container.label container.labels container.ip container.host_network container.host_pid',
    'container.host_ipc k8s.pod.name k8s.ns.name k8s.pod.uid k8s.pod.id k8s.pod.ip',
    'k8s.pod.sandbox_id k8s.pod.full_sandbox_id k8s.pod.label k8s.pod.labels k8s.ns.label',
    'k8s.ns.labels k8s.ns.id k8s.deployment.name k8s.workload.kind k8s.workload.name',
    'k8s.sa.name container.role',
  ].flatMap((line) => line.split(' ')),
)

/** Other fields of the process and its ancestors. */
export const processFields: ReadonlySet<string> = new Set(
  [
    'proc.env proc.aenv proc.cwd proc.pid proc.apid proc.pvpid',
    'proc.sid proc.sname proc.sid.exe proc.sid.exepath proc.loginshellid',
    'proc.vpgid proc.vpgid.name proc.vpgid.exe proc.vpgid.exepath',
    'proc.pgid proc.pgid.name proc.pgid.exe proc.pgid.exepath',
    'proc.is_sid_leader proc.is_vpgid_leader proc.is_pgid_leader proc.is_daemonized',
    'proc.is_started_on_host proc.is_cwd_outside_root',
    'proc.exe_ino proc.exe_ino.ctime proc.exe_ino.mtime',
  ].flatMap((line) => line.split(' ')),
)

/** Fields of an opened file: all are made of its path and of what kind of file it is. */
export const fileFields: ReadonlySet<string> = new Set(
  'fd.name fd.directory fd.filename fd.type fd.typechar'.split(' '),
)

/** Fields that are read with a few loads from the record. */
const cheapFields: ReadonlySet<string> = new Set(
  [
    'evt.is_open_read evt.is_open_write evt.is_open_exec evt.is_open_create evt.rawres evt.failed',
    'fd.num fd.type fd.typechar fd.l4proto fd.sockfamily fd.is_server fd.connected',
    'fd.sport fd.cport fd.lport fd.rport user.uid user.loginuid group.gid thread.tid',
    'thread.ismain proc.ppid proc.vpid',
  ].flatMap((line) => line.split(' ')),
)

/** The answers of a process, or of those that are alike, under one name, in one container. */
export interface KeptAnswers {
  readonly subject: Subject<LiveEvent>
  /** Of the thread: threads may have names of their own. */
  readonly name: string
  readonly container: Container | undefined
  metadata: ContainerMetadata | undefined
  /** `ProcessTable.lineage` when they were begun, where they are about the ancestors. */
  lineage: number
  answers: Answers
  /** Those under another name, or in another container. */
  next: KeptAnswers | undefined
}

/** What has answers. */
interface Keeper {
  answers: KeptAnswers | undefined
}

const isOf = (kept: KeptAnswers, { comm, container }: LiveEvent): boolean =>
  kept.name === comm && kept.container === container

/** Whether nothing has changed of what they are about. */
const isValid = (kept: KeptAnswers, event: LiveEvent, lineage: number): boolean =>
  kept.lineage === lineage && kept.metadata === event.container?.metadata

/** Those of the name and container where there are some; they come first from then on. */
const findAnswers = (
  keeper: Keeper,
  event: LiveEvent,
  subject: Subject<LiveEvent>,
  lineage: number,
): Answers => {
  const { comm, container } = event
  let before: KeptAnswers | undefined
  let kept = keeper.answers
  let count = 0
  // Of another set of rules: none of them is asked for again.
  if (kept && kept.subject !== subject) kept = keeper.answers = undefined
  for (; kept && !isOf(kept, event); kept = kept.next) {
    before = kept
    if (++count === limits.threadNamesMax) before.next = undefined
  }
  const metadata = container?.metadata
  if (!kept) {
    const answers = subject.blank()
    const next = keeper.answers
    keeper.answers = { subject, name: comm, container, metadata, lineage, answers, next }
    return answers
  }
  if (!isValid(kept, event, lineage)) {
    kept.metadata = metadata
    kept.lineage = lineage
    kept.answers = subject.blank()
  }
  if (before) {
    before.next = kept.next
    kept.next = keeper.answers
    keeper.answers = kept
  }
  return kept.answers
}

const answersOfProcess = (event: LiveEvent, subject: Subject<LiveEvent>): Answers => {
  const { process, lineage } = event
  const kept = process.answers
  const isFound = kept?.subject === subject && isOf(kept, event) && isValid(kept, event, lineage)
  return isFound ? kept.answers : findAnswers(process, event, subject, lineage)
}

const ancestrySubject = (): Subject<LiveEvent> => {
  const ancestries = new Ancestries()
  return new Subject((event, subject) => {
    const { process, lineage } = event
    const known = process.ancestry
    const isKnown = process.ancestryAt === lineage && known?.subject === subject
    const ancestry = isKnown ? known : ancestries.of(process, lineage, subject)
    const kept = ancestry.answers
    const isFound = kept && isOf(kept, event) && isValid(kept, event, 0)
    return isFound ? kept.answers : findAnswers(ancestry, event, subject, 0)
  })
}

interface FileAnswers {
  readonly kind: FileKind | undefined
  readonly answers: Answers
}

/** The answers of the files that were opened last, by path. */
const fileSubject = (): Subject<LiveEvent> => {
  const byPath = new BoundedMap<string, FileAnswers>(limits.filesKeptMax, () => {})
  return new Subject((event, subject) => {
    const path = event.fileName
    if (path === undefined) return subject.blank()
    const kind = kindOfFile(event)
    const kept = byPath.get(path)
    if (kept?.kind === kind && kept) return kept.answers
    const answers = subject.blank()
    // What nobody ever opens again would take the place of what is opened all the time.
    if (path.length <= limits.fileKeptBytesMax) byPath.set(path, { kind, answers })
    return answers
  })
}

/** Tells what the fields of rules are about. */
export class Subjects {
  readonly #ancestry = ancestrySubject()
  readonly #process = new Subject<LiveEvent>(answersOfProcess, this.#ancestry)
  readonly #file = fileSubject()

  isCheap({ field: { name } }: FieldRef): boolean {
    return cheapFields.has(name)
  }

  /** What a field is read from, on events of a kind; `undefined`: from the event. */
  of({ field: { name } }: FieldRef, kind: number | undefined): Subject<LiveEvent> | undefined {
    if (ancestryFields.has(name)) return this.#ancestry
    if (processFields.has(name)) return this.#process
    return kind === EventNumber.open && fileFields.has(name) ? this.#file : undefined
  }
}
