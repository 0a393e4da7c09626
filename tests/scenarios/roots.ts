/**
 * The file systems in which acts of the catalogue are performed: Debian with the interpreters and
 * tools that attackers use, made once by debootstrap from this machine's own package sources, and
 * a small one with nothing but a busybox. Both are only read; each container writes elsewhere.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const runFile = promisify(execFile)
const cache = join(import.meta.dirname, '../../.build/scenarios')
const bootstrapMsMax = 20 * 60_000

const shells = ['bash', 'gawk', 'lua5.4', 'lua-socket', 'php-cli', 'python3', 'ruby']
const network = ['curl', 'netcat-openbsd', 'openssh-client', 'openssl', 'socat']
const system = ['cron', 'e2fsprogs', 'kmod', 'libcap2-bin', 'passwd', 'procps', 'strace']
const base = ['bsdutils', 'busybox', 'mount', 'util-linux', 'gcc', 'libc6-dev']
const packages = [...shells, ...network, ...system, ...base]

/** Folders of this machine: one for each kind of container. */
export type Roots = { readonly debian: string; readonly busybox: string }

/** Makes what is not there yet; `log` is told before it takes minutes. */
export async function makeRoots(log: (line: string) => void): Promise<Roots> {
  const debian = await makeDebian(log)
  const busybox = `${debian}-busybox`
  if (!existsSync(busybox)) {
    await finished(busybox, (draft) => makeBusybox(draft, debian))
  }
  return { debian, busybox }
}

async function makeDebian(log: (line: string) => void): Promise<string> {
  const { uri, suite } = await packageSource()
  const hash = createHash('sha256').update([suite, process.arch, ...packages].join(' '))
  const root = join(cache, `debian-${suite}-${hash.digest('hex').slice(0, 8)}`)
  if (existsSync(root)) return root
  log(`making a Debian ${suite} with ${packages.length} packages in ${root}: a few minutes, once`)
  await finished(root, async (draft) => {
    const options = ['--variant=minbase', `--include=${packages.join(',')}`]
    const command = ['debootstrap', ...options, suite, draft, uri]
    // In a mount name space of its own: what debootstrap mounts ends with it, however it ends.
    await runFile('unshare', ['--mount', '--propagation', 'private', ...command], {
      timeout: bootstrapMsMax,
      maxBuffer: 1 << 26,
    })
  })
  return root
}

/** Where this machine's own apt takes the packages of its release from. */
async function packageSource(): Promise<{ uri: string; suite: string }> {
  const suite = /^VERSION_CODENAME="?(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  if (suite === undefined) throw new Error('/etc/os-release names no release: not a Debian?')
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)'
  const { stdout } = await runFile('apt-get', ['indextargets', '--format', format])
  const line = stdout.split('\n').find((each) => each.endsWith(` ${suite} main`))
  const uri = line?.split(' ')[0]
  if (uri === undefined) {
    throw new Error(`apt has no source of ${suite} main; add it, and run \`apt-get update\``)
  }
  return { uri, suite }
}

/** The Debian busybox, which (other than the static one) starts its applets by their paths. */
async function makeBusybox(root: string, debian: string): Promise<void> {
  for (const folder of [
    'bin',
    'dev',
    'etc',
    'lib64',
    'proc',
    'root',
    'run',
    'sys',
    'usr/local/bin',
    'var/log',
  ]) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  mkdirSync(join(root, 'tmp'))
  chmodSync(join(root, 'tmp'), 0o1777)
  symlinkSync('/run', join(root, 'var/run'))
  const { stdout: listed } = await runFile('chroot', [debian, 'ldd', '/usr/bin/busybox'])
  const libraries = [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
  for (const path of ['/bin/busybox', ...libraries]) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    copyFileSync(join(debian, path), join(root, path))
  }
  const { stdout: applets } = await runFile('chroot', [root, '/bin/busybox', '--list-full'])
  for (const applet of applets.trim().split('\n')) {
    if (applet === 'bin/busybox') continue
    mkdirSync(dirname(join(root, applet)), { recursive: true })
    symlinkSync('/bin/busybox', join(root, applet))
  }
  const files = {
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n',
    'etc/group': 'root:x:0:\nwww-data:x:33:\n',
    'etc/hosts': '127.0.0.1 localhost\n',
    'etc/os-release': 'NAME=Busybox\n',
  }
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  writeFileSync(join(root, 'etc/shadow'), 'root:*:19000:0:99999:7:::\n', { mode: 0o600 })
}

/** Makes a folder whole or not at all. */
async function finished(root: string, make: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${root}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  try {
    await make(draft)
    renameSync(draft, root)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
