/** Which files of /proc/PID/maps run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { executableFiles } from './maps.ts'

const cases: readonly (readonly [line: string, files: readonly string[]])[] = [
  ['7f01-7f02 r-xp 00001000 fd:00 12                 /usr/lib/libc.so.6', ['/usr/lib/libc.so.6']],
  ['7f01-7f02 rwxs 00001000 00:2a 12                 /dev/shm/a b', ['/dev/shm/a b']],
  ['7f01-7f02 --xp 00001000 fd:00 12                 /usr/lib/libc.so.6', ['/usr/lib/libc.so.6']],
  ['7f01-7f02 r--p 00001000 fd:00 12                 /usr/lib/libc.so.6', []],
  ['7f01-7f02 r-xp 00000000 00:00 0                  [vdso]', []],
  ['7f01-7f02 r-xp 00000000 00:00 0 ', []],
  ['7f01-7f02 r-xp 00000000 00:01 77                 /memfd:x (deleted)', []],
  ['7f01-7f02 r-xp 00000000 fd:00 12                 /opt/old.so (deleted)', []],
  ['7f01-7f02 r-xp 00000000 fd:00 12                 /a\\012b', ['/a\nb']],
  ['7f01-7f02 r-xp', []],
  ['', []],
]

test('lines of a file that is executable', () => {
  for (const [line, files] of cases) assert.deepEqual(executableFiles(line), files, line)
  const all = cases.map(([line]) => line).join('\n')
  assert.deepEqual(executableFiles(all), ['/usr/lib/libc.so.6', '/dev/shm/a b', '/a\nb'])
})
