/**
 * Which events Falco tries a rule on: what its comparisons of `evt.type` with names leave, and
 * those of `evt.num` that are decided. It is what `rules list` and the warning of slow rules go by.
 * What the kernel must send is `eventSetOf`, which sees more, and so is never wider.
 */
import { isEventName } from '@bulwark/schema'
import type { EventSet } from '../event-set.ts'
import { CheckFault } from './remark.ts'
import type { Remark } from './remark.ts'
import type { Node, Operand } from './syntax.ts'

/** Names, or all but some: every set that comes up is one of them. */
interface Names {
  readonly isAllBut: boolean
  readonly names: ReadonlySet<string>
}

const none: Names = { isAllBut: false, names: new Set() }
const all: Names = { isAllBut: true, names: new Set() }

const without = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...a].filter((name) => !b.has(name)))

const common = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...a].filter((name) => b.has(name)))

const complement = ({ isAllBut, names }: Names): Names => ({ isAllBut: !isAllBut, names })

const union = (a: Names, b: Names): Names => {
  if (a === none || b === all) return b
  if (b === none || a === all) return a
  if (a.isAllBut && b.isAllBut) return { isAllBut: true, names: common(a.names, b.names) }
  if (a.isAllBut) return { isAllBut: true, names: without(a.names, b.names) }
  if (b.isAllBut) return { isAllBut: true, names: without(b.names, a.names) }
  return { isAllBut: false, names: new Set([...a.names, ...b.names]) }
}

const intersection = (a: Names, b: Names): Names => {
  if (a === all || b === none) return b
  if (b === all || a === none) return a
  return complement(union(complement(a), complement(b)))
}

type Test = Extract<Node, { readonly is: 'compare' }>

const typeNames: ReadonlySet<string> = new Set(['evt.type', 'syscall.type'])

const isType = (operand: Operand): boolean =>
  operand.is === 'field' && typeNames.has(operand.name) && operand.argument === undefined

const fail = (message: string, at: number): never => {
  throw new CheckFault({ code: 'event-type', message, at })
}

/**
 * Refuses a transformer that holds the event's type.
 *
 * @returns whether the last operand is the type: of a list, the engine looks at no other
 */
const refuseType = (operand: Operand, at: number): boolean => {
  if (operand.is === 'operands') {
    return operand.members.map((member) => refuseType(member, at)).at(-1) === true
  }
  if (operand.is !== 'transformer') return isType(operand)
  for (const each of operand.arguments) {
    if (!refuseType(each, at)) continue
    fail('event code search does not support `evt.type` checks with transformers', at)
  }
  return false
}

/** What stands in a transformer at any depth: fields and texts. */
const leavesOf = (operand: Operand): readonly Operand[] => {
  if (operand.is === 'transformer') return operand.arguments.flatMap(leavesOf)
  return operand.is === 'operands' ? operand.members.flatMap(leavesOf) : [operand]
}

/** Events are numbered from 1: rule files write `evt.num = 0` for "never". */
const numberTest = ({ operator, right }: Test): boolean | undefined => {
  if (right.is === 'list') {
    const isNever = right.values.every((text) => /^[+-]?0+$/.test(text))
    return operator === 'in' && isNever ? false : undefined
  }
  if (right.is !== 'value' || !/^[+-]?\d+$/.test(right.value)) return undefined
  const isZero = /^[+-]?0+$/.test(right.value)
  const isAtMostOne = /^[+-]?0+$|^\+?0*1$/.test(right.value)
  switch (operator) {
    case '=':
    case '==':
    case '<=':
      return isZero ? false : undefined
    case '<':
      return isAtMostOne ? false : undefined
    case '!=':
    case '>':
      return isZero ? true : undefined
    case '>=':
      return isAtMostOne ? true : undefined
    default:
      return undefined
  }
}

const restricting: ReadonlySet<string> = new Set(['=', '==', '!=', 'in'])

/** The events of a comparison; `undefined` when any event can hold it. */
const namesOf = (node: Test, atomOf: (name: string) => string): Names | undefined => {
  const { left, operator, modifier, right, at } = node
  if (modifier !== undefined) return undefined
  if (left.is === 'field' && left.name === 'evt.num' && left.argument === undefined) {
    const decided = numberTest(node)
    if (decided !== undefined) return decided ? all : none
  }
  if (!restricting.has(operator)) return undefined
  if (left.is === 'transformer') {
    refuseType(left, at)
    // The engine takes a text at the end for names, and the test for one of any type.
    return leavesOf(left).at(-1)?.is === 'value' ? all : undefined
  }
  if (!isType(left)) return undefined
  if (right.is === 'field' || right.is === 'transformer') {
    refuseType(right, at)
    fail(
      'right-hand field comparisons on `evt.type`/`syscall.type` checks are not supported by ' +
        'event code search',
      at,
    )
  }
  const texts = right.is === 'list' ? right.values : right.is === 'value' ? [right.value] : []
  const names = { isAllBut: false, names: new Set(texts.map(atomOf)) }
  return operator === '!=' ? complement(names) : names
}

class Search {
  readonly #atomOf: (name: string) => string
  /** What macros put in at several places is looked at once. */
  readonly #known = [new Map<Node, Names>(), new Map<Node, Names>()] as const

  constructor(atomOf: (name: string) => string) {
    this.#atomOf = atomOf
  }

  of(node: Node, isNegated: boolean): Names {
    const known = this.#known[isNegated ? 1 : 0]
    const found = known.get(node) ?? this.#search(node, isNegated)
    known.set(node, found)
    return found
  }

  #search(node: Node, isNegated: boolean): Names {
    switch (node.is) {
      case 'and':
      case 'or': {
        const parts = node.children.map((child) => this.of(child, isNegated))
        return (node.is === 'and') === isNegated
          ? parts.reduce(union, none)
          : parts.reduce(intersection, all)
      }
      case 'not':
        return this.of(node.child, !isNegated)
      case 'macro':
        return all
      case 'exists':
        if (node.left.is === 'transformer') refuseType(node.left, node.at)
        return isNegated && isType(node.left) ? none : all
      case 'compare': {
        const names = namesOf(node, this.#atomOf)
        if (names === undefined) return all
        return isNegated ? complement(names) : names
      }
    }
  }
}

/**
 * How many codes Falco has for the events of a name: old forms of a call count, too. Names that are
 * not here share two, those of the calls that it has no parameters of.
 */
const codesOfName: ReadonlyMap<string, number> = new Map(
  (
    [
      [16, 'execve'],
      [8, 'accept clone'],
      [6, 'fork vfork'],
      [4, 'bpf brk dup ioctl link linkat mkdir openat rmdir select umount unlink unlinkat'],
      [
        2,
        'accept4 access bind capset chdir chmod chown chroot clone3 close connect ' +
          'copy_file_range creat delete_module drop dup2 dup3 epoll_create epoll_create1 ' +
          'epoll_wait eventfd eventfd2 execveat fchdir fchmod fchmodat fchown fchownat fcntl ' +
          'finit_module flock fsconfig fstat fstat64 futex getcwd getdents getdents64 getegid ' +
          'geteuid getgid getpeername getresgid getresuid getrlimit getsockname getsockopt ' +
          'getuid init_module inotify_init inotify_init1 io_uring_enter io_uring_register ' +
          'io_uring_setup kill lchown listen llseek lseek lstat lstat64 memfd_create mkdirat ' +
          'mknod mknodat mlock mlock2 mlockall mmap mmap2 mount mprotect munlock munlockall ' +
          'munmap nanosleep newfstatat open open_by_handle_at openat2 pidfd_getfd pidfd_open ' +
          'pipe pipe2 poll ppoll prctl pread preadv prlimit process_vm_readv ' +
          'process_vm_writev procexit ptrace pwrite pwritev quotactl read readv recv recvfrom ' +
          'recvmmsg recvmsg rename renameat renameat2 seccomp semctl semget semop send ' +
          'sendfile sendmmsg sendmsg sendto setgid setns setpgid setregid setresgid setresuid ' +
          'setreuid setrlimit setsid setsockopt setuid shutdown signalfd signalfd4 socket ' +
          'socketpair splice stat stat64 switch symlink symlinkat tgkill timerfd_create tkill ' +
          'umount2 unshare userfaultfd write writev',
      ],
      [3, 'container'],
      [
        1,
        'asyncevent close_range cpu_hotplug groupadded groupdeleted infra k8s keyctl mesos ' +
          'notification page_fault pluginevent procinfo scapevent signaldeliver task ' +
          'task_file_anon_inode task_file_directory task_file_memfd task_file_pipe ' +
          'task_file_regular task_file_socket_inet task_file_socket_inet6 ' +
          'task_file_socket_netlink task_file_socket_unix tracer useradded userdeleted',
      ],
      [35, 'NA'],
      [0, 'syscall'],
    ] as const
  ).flatMap(([count, names]) => names.split(' ').map((name) => [name, count] as const)),
)
const codesOfRest = 2
const rest = ''
const codesOfAll = 454

/** To the engine, a rule for one of the two is for both. */
const callOf = (name: string): string => (name === 'accept4' ? 'accept' : name)

/** Names that share codes are one; a name of no event has none. */
const ownerOfCodes = (name: string): string =>
  isEventName(name) && !codesOfName.has(name) ? rest : name

const countCodes = ({ isAllBut, names }: Names): number => {
  let count = 0
  for (const name of names) count += name === rest ? codesOfRest : (codesOfName.get(name) ?? 0)
  return isAllBut ? codesOfAll - count : count
}

/** The events that Falco tries a condition on. */
export interface FalcoEvents {
  readonly types: EventSet
  /** How many of its codes they have: it warns of a rule with over 100. */
  readonly codes: number
}

/**
 * Finds the events that Falco tries a condition on.
 *
 * @param root      macros put in
 * @param allNames  names of all events that rules can be for
 * @returns a remark where it cannot tell: it takes such a condition as a filter, in no rule
 */
export const falcoEventsOf = (root: Node, allNames: Iterable<string>): FalcoEvents | Remark => {
  try {
    const found = new Search(callOf).of(root, false)
    const codes = countCodes(new Search(ownerOfCodes).of(root, false))
    const { names, isAllBut } = found
    if (isAllBut && names.size === 0) return { types: 'all', codes }
    const types = isAllBut
      ? [...allNames].filter((name) => !names.has(callOf(name)))
      : [...names].flatMap((name) => (name === 'accept' ? [name, 'accept4'] : [name]))
    return { types: new Set(types), codes }
  } catch (fault) {
    if (!(fault instanceof CheckFault)) throw fault
    return fault.remark
  }
}
