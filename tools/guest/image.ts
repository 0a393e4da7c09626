/**
 * What a guest starts from: an initramfs with the modules of its kernel, and one root image for all
 * kernels, with the Node.js in use, busybox and a few programs of the host with their libraries.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { findProgram } from '../lab/needs.ts'
import { execute } from './execute.ts'
import type { KernelFiles } from './kernels.ts'

const stepMsMax = 120_000
const imageMegabytes = 512

/** Modules that guests need, with those that they need; what a kernel has built in is left out. */
const modules = ['virtio_pci', 'virtio_blk', 'ext4', 'overlay', 'veth', 'bridge', 'dummy', 'tun']

/** Programs of the host, beside Node.js. What busybox has, it does for the rest. */
const programs = [
  'runc',
  'ip',
  'mount',
  'umount',
  'nsenter',
  'unshare',
  'script',
  'setpriv',
  'readlink',
]

/** Busybox's shell runs its own commands without an exec; what it is called it must be. */
const notOfBusybox = ['sh', 'cat']

const files: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/hosts': '127.0.0.1 localhost\n',
  'etc/hostname': 'guest\n',
  'etc/resolv.conf': '',
  'etc/shadow': 'root:*:19000:0:99999:7:::\n',
}

const folders = ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'bulwark', 'bin', 'sbin', 'usr/bin']

/** Runs `fill` on an empty folder that is gone afterwards. */
async function inFolder<T>(cache: string, fill: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'making-'))
  try {
    return await fill(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const hashOf = (parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12)

/** Files of a kernel by module name, compressed or not. */
const moduleFiles = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    globSync('**/*.ko{,.xz,.zst}', { cwd: folder }).map((file) => [
      basename(file)
        .replace(/\.ko(?:\.\w+)?$/, '')
        .replaceAll('-', '_'),
      join(folder, file),
    ]),
  )

/** Writes the modules into a folder, plain, and their order into a file `order`. */
async function addModules(from: string, to: string): Promise<void> {
  const known = moduleFiles(from)
  const order: string[] = []
  const add = async (name: string): Promise<void> => {
    const file = known.get(name)
    const written = `${name}.ko`
    if (file === undefined || order.includes(written)) return
    const packed = join(to, basename(file))
    copyFileSync(file, packed)
    if (file.endsWith('.xz')) await execute(['xz', '-d', packed], { msMax: stepMsMax })
    if (file.endsWith('.zst')) await execute(['zstd', '-dq', '--rm', packed], { msMax: stepMsMax })
    const plain = join(to, basename(file).replace(/\.ko\.\w+$/, '.ko'))
    const depends = /\0depends=([^\0]*)/.exec(readFileSync(plain, 'latin1'))?.[1] ?? ''
    for (const each of depends.split(',')) if (each !== '') await add(each.replaceAll('-', '_'))
    if (plain !== join(to, written)) renameSync(plain, join(to, written))
    order.push(written)
  }
  for (const name of modules) await add(name)
  writeFileSync(join(to, 'order'), order.map((line) => `${line}\n`).join(''))
}

const script = (name: string): string => join(import.meta.dirname, name)

/** The initramfs of a kernel, from the cache where nothing changed. */
export async function makeInitramfs(kernel: KernelFiles, cache: string): Promise<string> {
  const key = hashOf([kernel.release, readFileSync(script('initramfs.sh'), 'utf8'), ...modules])
  const made = join(cache, `initramfs-${kernel.kernel.name}-${key}.cpio.gz`)
  if (existsSync(made)) return made
  await inFolder(cache, async (folder) => {
    for (const each of ['bin', 'proc', 'dev', 'root', 'modules']) mkdirSync(join(folder, each))
    copyFileSync(needed('busybox'), join(folder, 'bin/busybox'))
    await addModules(kernel.modules, join(folder, 'modules'))
    copyFileSync(script('initramfs.sh'), join(folder, 'init'))
    chmodSync(join(folder, 'init'), 0o755)
    const packed = `${folder}.cpio.gz`
    const pack = 'find . | cpio -o -H newc --quiet | gzip -1 > "$1"'
    await execute(['sh', '-c', pack, 'pack', packed], { cwd: folder, msMax: stepMsMax })
    renameSync(packed, made)
  })
  return made
}

/** The root image, from the cache where nothing changed. */
export async function makeRootImage(cache: string): Promise<string> {
  const chosen = [process.execPath, ...[...programs, ...notOfBusybox].map(needed)]
  const facts = chosen.map((file) => `${file} ${statSync(file).mtimeMs}`)
  const key = hashOf([...facts, readFileSync(script('init.sh'), 'utf8'), JSON.stringify(files)])
  const made = join(cache, `root-${key}.img`)
  if (existsSync(made)) return made
  for (const old of globSync('root-*.img', { cwd: cache })) rmSync(join(cache, old))
  await inFolder(cache, async (folder) => {
    for (const each of folders) mkdirSync(join(folder, each), { recursive: true })
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const busybox = join(folder, 'bin/busybox')
    copyFileSync(needed('busybox'), busybox)
    const applets = await execute([busybox, '--list'], { msMax: stepMsMax })
    for (const applet of applets.trim().split('\n')) {
      if (applet !== 'busybox') symlinkSync('busybox', join(folder, 'bin', applet))
    }
    for (const name of notOfBusybox) {
      rmSync(join(folder, 'bin', name))
      copyFileSync(needed(name), join(folder, 'bin', name))
    }
    for (const file of chosen) {
      copyFileSync(file, join(folder, 'usr/bin', basename(file)))
      for (const library of await librariesOf(file)) {
        mkdirSync(dirname(join(folder, library)), { recursive: true })
        copyFileSync(library, join(folder, library))
      }
    }
    copyFileSync(script('init.sh'), join(folder, 'sbin/init'))
    chmodSync(join(folder, 'sbin/init'), 0o755)
    const image = `${folder}.img`
    const options = ['-t', 'ext4', '-O', '^has_journal', '-E', 'root_owner=0:0', '-m', '0']
    const make = ['mke2fs', '-q', ...options, '-d', folder, image, `${imageMegabytes}M`]
    await execute(make, { msMax: stepMsMax })
    renameSync(image, made)
  })
  return made
}

/** Paths of the shared libraries of a program, and of its loader. */
export async function librariesOf(program: string): Promise<readonly string[]> {
  const text = await execute(['ldd', program], { msMax: stepMsMax })
  return text.split('\n').flatMap((line) => /(?:^\s*|=> )(\/\S+) \(0x/.exec(line)?.[1] ?? [])
}

function needed(program: string): string {
  const found = findProgram(program)
  if (found === undefined) throw new Error(`${program} is missing; run tools/setup.sh test`)
  return found
}
