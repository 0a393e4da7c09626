/** A container runtime in a container: runc, put into it with its libraries and a bundle. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Container } from '@bulwark/tools'
import { findProgram } from '@bulwark/tools'

/** As the dynamic loader finds them; static programs have none. */
const librariesOf = (program: string): readonly string[] => {
  const env = { ...process.env, LD_TRACE_LOADED_OBJECTS: '1', LD_LIBRARY_PATH: '' }
  const { stdout } = spawnSync(program, { encoding: 'utf8', env })
  return stdout.match(/\/\S+/g) ?? []
}

const configOf = (args: readonly string[], cgroupsPath: string): object => ({
  ociVersion: '1.0.2',
  process: { user: { uid: 0, gid: 0 }, args, env: [], cwd: '/' },
  root: { path: 'rootfs' },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: {
    cgroupsPath,
    namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
  },
})

/**
 * Runs a program of busybox's in a container in a privileged one, to its end; it may fail.
 *
 * @param cgroupParent  as the outer one sees it
 * @returns the inner one's id
 */
export const runInside = async (
  outer: Container,
  cgroupParent: string,
  args: readonly string[],
): Promise<string> => {
  const id = randomBytes(32).toString('hex')
  const top = `/proc/${outer.pid}/root`
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(top, to)), { recursive: true })
    copyFileSync(from, join(top, to))
  }
  const runc = findProgram('runc') ?? ''
  for (const file of [runc, ...librariesOf(runc)]) put(file, file)
  put(findProgram('busybox') ?? '', '/inner/rootfs/bin/busybox')
  const config = configOf(args, `${cgroupParent}/${id}`)
  writeFileSync(join(top, '/inner/config.json'), JSON.stringify(config))
  const script = [
    'while read -r _ point type _; do case $type in cgroup*)',
    '/bin/busybox mount -o remount,bind,rw "$point";; esac; done </proc/mounts;',
    'exec "$0" --root /inner/state run --bundle /inner "$1"',
  ].join(' ')
  const { stderr } = await outer.exec(['/bin/sh', '-c', script, runc, id])
  assert.doesNotMatch(stderr, /runc run failed/)
  return id
}
