/** What kind of thing events are, and the paths of calls on files. */
import { test } from 'node:test'
import { unknownProcess } from '../process.ts'
import { eventOf } from '../testdata/events.ts'
import { checkFields } from '../testdata/fields.ts'

test('categories, directions and counts', () => {
  const tcp = { inode: 1, family: 2, type: 1, protocol: 6 }
  checkFields(
    eventOf('send', { socket: tcp, fd: 4, result: 12, payload: 'x' }),
    `
    evt.category     "net"
    evt.is_io        true
    evt.is_io_write  true
    evt.is_io_read   false
    evt.io_dir       "write"
    evt.is_wait      false
    evt.is_syslog    false
    evt.buflen.out   12
    evt.buflen.in    -
    evt.buflen.net   12
    evt.buflen.net.out 12
    evt.buflen.net.in -
    evt.count        1
    evt.count.exit   1
    evt.count.error  0
    evt.count.error.net 0
    evt.count.error.file -
    evt.is_async     false
    evt.latency      0
    evt.latency.human "0ns"
    `,
  )
  const log = { inode: 2, family: 1, type: 2 }
  checkFields(
    eventOf('send', { socket: log, unix_path: '/run/systemd/journal/dev/log', result: 3 }),
    'evt.is_syslog true\nevt.category "ipc"\nevt.buflen.net -',
  )
  checkFields(
    eventOf('open', { result: -13 }),
    `
    evt.category     "file"
    evt.is_io        false
    evt.io_dir       -
    evt.count.error  1
    evt.count.error.file 1
    evt.count.error.other -
    `,
  )
  checkFields(eventOf('exec'), 'evt.category "process"\nevt.count.error.other 0')
  checkFields(eventOf('exit', { syscall: -1 }), 'evt.category "process"\nevt.count.error -')
  checkFields(eventOf('dup', { result: -9 }), 'evt.category "unknown"\nevt.count.error.other 1')
  checkFields(eventOf('syscall', {}, { type: 'bpf' }), 'evt.category "other"')
  const memory = eventOf('syscall', { result: -12 }, { type: 'mprotect' })
  checkFields(memory, 'evt.category "memory"\nevt.count.error.memory 1\nevt.count.error.net -')
  checkFields(eventOf('syscall', {}, { type: 'poll' }), 'evt.is_wait true')
})

test('bytes that were read or written', () => {
  const file = { inode: 1, mode: 0o100644, links: 1 }
  const values = { file, path: '/a', result: 512 }
  checkFields(
    eventOf('fd_call', values, { type: 'read' }),
    `
    evt.buflen           512
    evt.buflen.in        512
    evt.buflen.out       -
    evt.buflen.file      512
    evt.buflen.file.in   512
    evt.buflen.file.out  -
    evt.buflen.net       -
    `,
  )
  checkFields(
    eventOf('fd_call', values, { type: 'pwrite' }),
    'evt.buflen.file.out 512\nevt.buflen.file.in -',
  )
  checkFields(eventOf('fd_call', { ...values, result: -5 }, { type: 'read' }), 'evt.buflen -')
  checkFields(eventOf('fd_call', values, { type: 'lseek' }), 'evt.buflen -\nevt.buflen.file -')
  checkFields(eventOf('fd_call', { result: 3 }, { type: 'write' }), 'evt.buflen -')
  checkFields(eventOf('open'), 'evt.cpu -')
})

test('paths of calls that worked', () => {
  const one = { raw_path: 'f/../g', base: '/x' }
  checkFields(
    eventOf('unlink', one, { type: 'unlinkat' }),
    'fs.path.name "/x/g"\nfs.path.nameraw "f/../g"\nfs.path.source -\nevt.abspath "/x/g"',
  )
  checkFields(eventOf('unlink', { ...one, result: -2 }), 'fs.path.name -\nevt.abspath -')
  checkFields(
    eventOf('path_call', one, { type: 'mkdirat' }),
    'fs.path.name "/x/g"\nevt.abspath "/x/g"\nevt.abspath[src] "/x/g"',
  )
  checkFields(eventOf('path_call', one, { type: 'access' }), 'fs.path.name -')
  const two = { old_path: 'a', old_base: '/x', new_path: '../b', new_base: '/y/z' }
  checkFields(
    eventOf('rename', two, { type: 'renameat' }),
    `
    fs.path.name      -
    fs.path.source    "/x/a"
    fs.path.sourceraw "a"
    fs.path.target    "/y/b"
    fs.path.targetraw "../b"
    evt.abspath       "/x/a"
    evt.abspath[src]  "/x/a"
    evt.abspath[dst]  "/y/b"
    `,
  )
  checkFields(eventOf('link', two), 'fs.path.source "/y/b"\nfs.path.target "/x/a"\nevt.abspath -')
  const process = { ...unknownProcess(1, 0), cwd: '/home' }
  checkFields(
    eventOf('symlink', two, { type: 'symlinkat', process }),
    'fs.path.source "/y/b"\nfs.path.target "/home/a"\nfs.path.targetraw "a"\nevt.abspath "/y/b"',
  )
  const mount = { source: 'none', source_base: '/', target: 'mnt', target_base: '/srv' }
  checkFields(
    eventOf('mount', mount),
    'fs.path.source "/none"\nfs.path.sourceraw "none"\nfs.path.target "/srv/mnt"\nfs.path.name -',
  )
  checkFields(eventOf('mount', mount, { type: 'pivot_root' }), 'fs.path.source -')
  checkFields(eventOf('socket'), 'fs.path.name -\nfs.path.source -\nfs.path.target -')
})

test('time since the first event', () => {
  const event = eventOf('exec')
  event.moved()
  event.record.data.setBigUint64(event.record.at + 8, 13_000_000_346n, true)
  checkFields(event, 'evt.reltime 1000000001\nevt.reltime.s 1\nevt.reltime.ns 1')
})
