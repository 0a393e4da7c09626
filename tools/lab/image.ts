/**
 * The lab's image: one folder with busybox, `act` and the files an attacker looks for, shared by
 * all containers of a lab as their lowest layer. Every secret in it is made up.
 */
import { chmodSync, copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LabError, runOrThrow } from './command.ts'
import { findProgram } from './needs.ts'
import { labUsers } from './spec.ts'

const folders = [
  'dev',
  'home/dev/.ssh',
  'proc',
  'root/.aws',
  'root/.ssh',
  'run/secrets/kubernetes.io/serviceaccount',
  'sys',
  'usr/bin',
  'var/lib/shop',
  'var/log',
  'var/www/html',
]

const secret = { mode: 0o600 }
const shadow = Object.keys(labUsers)
  .map((name) => `${name}:$6$lab$not.a.real.hash:19000:0:99999:7:::\n`)
  .join('')
const passwd = Object.entries(labUsers)
  .map(([name, id]) => `${name}:x:${id}:${id}::${name === 'root' ? '/root' : '/'}:/bin/sh\n`)
  .join('')
const group = Object.entries(labUsers)
  .map(([name, id]) => `${name}:x:${id}:\n`)
  .join('')
const privateKey =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nmade up for the lab\n-----END OPENSSH PRIVATE KEY-----\n'
/** The key that Amazon's own documentation uses as its example. */
const awsCredentials =
  '[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n' +
  'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n'

/** Makes the image in `root`, an empty folder. `act` is the program that programs.ts built. */
export async function makeImage(root: string, act: string): Promise<void> {
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true })
  mkdirSync(join(root, 'tmp'))
  chmodSync(join(root, 'tmp'), 0o1777)
  symlinkSync('/run', join(root, 'var/run'))
  await installBusybox(root)
  copyFileSync(act, join(root, 'usr/bin/act'))
  writeFiles(root, {
    '/etc/passwd': passwd,
    '/etc/group': group,
    '/etc/hosts': '127.0.0.1 localhost\n',
    '/etc/sudoers': 'root ALL=(ALL) ALL\n',
    '/root/.aws/config': '[default]\naws_region = eu-west-1\n',
    '/root/.ssh/id_ed25519.pub': 'ssh-ed25519 made.up.for.the.lab root@lab\n',
    '/var/lib/shop/orders.json': '[]\n',
    '/var/log/auth.log': 'sshd[7]: Accepted publickey for dev from 198.51.100.7\n',
    '/var/www/html/index.html': '<h1>shop</h1>\n',
  })
  writeFileSync(join(root, 'etc/shadow'), shadow, secret)
  writeFileSync(join(root, 'root/.aws/credentials'), awsCredentials, secret)
  writeFileSync(join(root, 'root/.ssh/id_ed25519'), privateKey, secret)
}

/** Writes files under `root`, making their folders. Paths are those of the container. */
export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    makeParent(join(root, path))
    writeFileSync(join(root, path), content, { mode: content.startsWith('#!') ? 0o755 : 0o644 })
  }
}

/** Puts `program` under other names into `root`; hard links, so that each is a path of its own. */
export function linkPrograms(root: string, program: string, names: readonly string[]): void {
  for (const name of names) {
    makeParent(join(root, name))
    linkSync(program, join(root, name))
  }
}

/**
 * A service account token as the kubelet projects it: `token` leads through `..data` to a folder
 * named after the time, so that opening it passes two symbolic links.
 */
export function makeToken(directory: string, namespace: string): void {
  const version = '..2026_01_02_03_04_05.678901234'
  writeFiles(directory, {
    [`${version}/token`]: 'eyJhbGciOiJub25lIn0.made-up-for-the-lab.\n',
    [`${version}/namespace`]: namespace,
    [`${version}/ca.crt`]: 'made up for the lab\n',
  })
  symlinkSync(version, join(directory, '..data'))
  for (const file of ['token', 'namespace', 'ca.crt']) {
    symlinkSync(join('..data', file), join(directory, file))
  }
}

async function installBusybox(root: string): Promise<void> {
  const busybox = findProgram('busybox')
  if (busybox === undefined) throw new LabError('busybox is missing')
  const applets = (await runOrThrow([busybox, '--list-full'])).trim().split('\n')
  makeParent(join(root, 'bin/busybox'))
  copyFileSync(busybox, join(root, 'bin/busybox'))
  for (const applet of applets) {
    if (applet === 'bin/busybox') continue
    makeParent(join(root, applet))
    symlinkSync('/bin/busybox', join(root, applet))
  }
}

function makeParent(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
}
