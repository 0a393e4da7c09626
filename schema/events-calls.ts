/**
 * Kinds of event for system calls at large: the shapes in which any call is told (`calls.ts`), and
 * mounts and memory, of which several calls tell the same. As in `events.ts`, the numbers are on
 * the wire.
 */
import type { EventKind } from './eventtypes.ts'
import { callArguments, fileFacts, group, number, socketFacts, text } from './members.ts'
import { base, resolved, user } from './sources.ts'

/** Kinds 19 to 25. */
export const callKinds: readonly EventKind[] = [
  {
    kind: 19,
    name: 'syscall',
    meaning:
      'Any system call that no other kind tells: its arguments as numbers, and the credentials ' +
      'that the process has after it.',
    hooks: [{ program: 'on_syscall', shape: 'syscall' }],
    types: [],
    state: false,
    members: [
      group(callArguments, 'call', 'the arguments'),
      number('ruid', 'u32', 'real user, host namespace', 'cred.uid'),
      number('suid', 'u32', 'saved user, host namespace', 'cred.suid'),
      number('rgid', 'u32', 'real group, host namespace', 'cred.gid'),
      number('sgid', 'u32', 'saved group, host namespace', 'cred.sgid'),
    ],
  },
  {
    kind: 20,
    name: 'fd_call',
    meaning:
      'A system call on a descriptor, and what is behind it when the call ends: after close(2), ' +
      'nothing.',
    hooks: [{ program: 'on_fd_call', shape: 'fd_call' }],
    types: [],
    state: false,
    members: [
      group(callArguments, 'call', 'the arguments'),
      group(fileFacts, 'file', 'the file behind the descriptor; zeros when there is none'),
      group(socketFacts, 'socket', 'the socket behind it'),
      text('path', 'the file; or the path of a unix socket', 'file.f_path'),
      text('text', 'a text that the call names, e.g. an extended attribute', user),
      text('value', 'a further one', user),
    ],
  },
  {
    kind: 21,
    name: 'path_call',
    meaning: 'A system call on a path.',
    hooks: [{ program: 'on_path_call', shape: 'path_call' }],
    types: [],
    state: false,
    members: [
      group(callArguments, 'call', 'the arguments'),
      text('raw_path', 'path as given', user),
      text('base', base, 'dentries and mounts'),
      resolved('path', 'the path as the process sees it'),
      text('text', 'a text that the call names, e.g. an extended attribute', user),
    ],
  },
  {
    kind: 22,
    name: 'name_call',
    meaning: 'A system call on something with a name that is no path.',
    hooks: [{ program: 'on_name_call', shape: 'name_call' }],
    types: [],
    state: false,
    members: [
      group(callArguments, 'call', 'the arguments'),
      text('text', 'the name', user),
      text('value', 'a further text that the call names', user),
    ],
  },
  {
    kind: 23,
    name: 'mount',
    meaning:
      'A file system or a directory was mounted, a mount moved, or the root changed; or it could ' +
      'not be. pivot_root: from the new root (source), the old one to a directory (target).',
    hooks: [
      { program: 'on_mount', syscalls: ['mount'] },
      { program: 'on_pivot_root', syscalls: ['pivot_root'] },
      { program: 'on_move_mount', syscalls: ['move_mount'] },
    ],
    types: ['mount', 'pivot_root', 'move_mount'],
    state: false,
    members: [
      group(callArguments, 'call', 'the arguments'),
      text('source', 'path or name as given', user),
      text('source_base', base, 'dentries and mounts'),
      text('target', 'path as given', user),
      text('target_base', base, 'dentries and mounts'),
      text('type', 'file system', user, 'zero bytes: not mount(2), or none given'),
      resolved('source_resolved', 'the source as the process sees it; of mount(2), as given'),
      resolved('target_resolved', 'the target as the process sees it'),
      resolved('type_heard', 'file system, in the copy that the kernel goes by'),
    ],
  },
  {
    kind: 24,
    name: 'memory',
    meaning:
      'Memory was mapped or protected so that it can be executed (PROT_EXEC), or could not be. ' +
      'Calls that do not ask for that are not sent.',
    hooks: [
      { program: 'on_mmap', syscalls: ['mmap'] },
      { program: 'on_mprotect', syscalls: ['mprotect', 'pkey_mprotect'] },
      { program: 'on_old_mmap', compat: [90], for: ['mmap'] },
      { program: 'on_mmap2', compat: [192], for: ['mmap'] },
    ],
    types: ['mmap', 'mprotect', 'pkey_mprotect'],
    state: false,
    members: [
      group(fileFacts, 'file', 'the file that is mapped; zeros when there is none'),
      number('address', 'u64', 'where it is; of a failed mmap minus errno', 'pt_regs'),
      number('length', 'u64', 'bytes', 'pt_regs'),
      number('offset', 'u64', 'first byte of the file', 'pt_regs', '0: mprotect'),
      number('protection', 'u32', 'PROT_*', 'pt_regs'),
      number('map_flags', 'u32', 'MAP_*', 'pt_regs', '0: mprotect'),
      number('fd', 'i32', 'descriptor', 'pt_regs', '-1: mprotect'),
      number('padding', 'u32', 'zero', 'none'),
      text('path', 'the file that is mapped', 'file.f_path', 'zero bytes: no file'),
    ],
  },
  {
    kind: 25,
    name: 'exec_failed',
    meaning:
      'A process could not become another program: told of the process that tried. Only where a ' +
      'rule can hold on it.',
    hooks: [
      { program: 'on_execve', syscalls: ['execve'], only: 'failures' },
      { program: 'on_execveat', syscalls: ['execveat'], only: 'failures' },
    ],
    types: ['execve', 'execveat'],
    state: false,
    members: [
      number('call_flags', 'u32', 'AT_*', 'pt_regs', '0: execve'),
      number('argument_count', 'u32', 'arguments that were read', 'the program'),
      text('raw_path', 'path as given', user),
      text('base', base, 'dentries and mounts'),
      text('arguments', 'as asked for, NUL after each', user),
    ],
  },
]
