/**
 * A real containerd with its CRI plugin, in a folder of its own: its socket, its images, its state.
 * It pulls nothing: its images are made here by hand, as an OCI archive. Its pods need no network
 * plugin when they are in the host's network.
 *
 * close() ends it with all its pods, and then verifies that nothing is left. When the process was
 * killed, containerd ends with it, and the next lab that is opened takes its containers down.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { LabError, runOrThrow, runSync, within } from './command.ts'
import { makeImage } from './image.ts'
import { findProgram, hostEnvironment, missingForLab } from './needs.ts'
import { writeArchive } from './oci.ts'
import { buildAct } from './programs.ts'
import { mountsUnder } from './mounts.ts'
import { findPodRemains, removePods, socketOf } from './pod-remains.ts'
import { labFolderPrefix, removeDeadLabs } from './remains.ts'

/**
 * Names of the images. The runtime is told to use the second for its pause containers; the third is
 * known by its digest, too, as one that was pulled.
 */
export const criImages = {
  app: 'registry.example/shop/app:3.1',
  pause: 'localhost/lab/pause:1',
  pulled: 'registry.example/shop/pulled:1.0',
}

/** Pods whose cgroups are laid out as systemd does it. */
export const sliceHandler = 'slice'

const startMsMax = 60_000
const stopMsMax = 60_000
const pollMs = 20

/**
 * Starts a containerd.
 *
 * @throws LabError naming what this machine lacks
 */
export async function startContainerd(): Promise<Containerd> {
  const missing = missingForLab()
  if (findProgram('containerd') === undefined) {
    missing.push('containerd (it runs pods) is missing: apt-get install containerd')
  }
  if (missing.length > 0) throw new LabError(`no containerd here:\n  ${missing.join('\n  ')}`)
  removeDeadLabs()
  const folder = mkdtempSync(labFolderPrefix())
  const containerd = new Containerd(folder)
  try {
    await containerd.start()
    return containerd
  } catch (error) {
    await containerd.close()
    throw error
  }
}

/** Made by startContainerd(). */
export class Containerd {
  readonly folder: string
  readonly socket: string
  #child: ChildProcess | undefined
  readonly #onExit = (): void => removePods(this.folder)

  constructor(folder: string) {
    this.folder = folder
    this.socket = socketOf(folder)
  }

  /** Used by startContainerd(); and to start it again after `stop`. */
  async start(): Promise<void> {
    writeConfiguration(this.folder)
    process.once('exit', this.#onExit)
    const log = openSync(join(this.folder, 'log'), 'a')
    const argv = ['containerd', '--config', join(this.folder, 'config.toml')]
    // The kernel ends it with this process, however that ends.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
      stdio: ['ignore', log, log],
      env: hostEnvironment,
    })
    closeSync(log)
    await this.#untilReady()
    if (existsSync(join(this.folder, 'image.tar'))) return
    const digests = await makeArchive(this.folder)
    await runOrThrow(ctr(this.folder, 'images', 'import', join(this.folder, 'image.tar')))
    const { pulled } = criImages
    const byDigest = `${pulled.slice(0, pulled.lastIndexOf(':'))}@${digests.get(pulled)}`
    await runOrThrow(ctr(this.folder, 'images', 'tag', pulled, byDigest))
  }

  async #untilReady(): Promise<void> {
    for (const deadline = Date.now() + startMsMax; Date.now() < deadline; await pause(pollMs)) {
      if (this.#child?.exitCode !== null) break
      if (existsSync(this.socket) && runSync(ctr(this.folder, 'version')).code === 0) return
    }
    throw new LabError(`containerd did not start:\n${logOf(this.folder)}`)
  }

  /** Ends the daemon; its pods go on, as when it is upgraded. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await within(stopMsMax, ended, () => {
      child.kill('SIGKILL')
      return 'containerd'
    })
  }

  /** Ends everything. Throws LabError when anything is left on the machine after. */
  async close(): Promise<void> {
    await this.stop()
    removePods(this.folder)
    process.off('exit', this.#onExit)
    const remains = [
      ...mountsUnder(this.folder).map((path) => `mount ${path}`),
      ...findPodRemains(this.folder),
    ]
    if (remains.length === 0) rmSync(this.folder, { recursive: true, force: true })
    else throw new LabError(`containerd left behind:\n  ${remains.join('\n  ')}`)
  }
}

function ctr(folder: string, ...words: readonly string[]): string[] {
  return ['ctr', '--address', socketOf(folder), '--namespace', 'k8s.io', ...words]
}

function logOf(folder: string): string {
  const lines = readFileSync(join(folder, 'log'), 'utf8').split('\n')
  return lines.slice(-15).join('\n')
}

async function makeArchive(folder: string): Promise<ReadonlyMap<string, string>> {
  const root = join(folder, 'image')
  mkdirSync(root)
  await makeImage(root, await buildAct())
  const archive = join(folder, 'image.tar')
  const images = {
    [criImages.app]: ['/bin/sh'],
    [criImages.pause]: ['/bin/sleep', '2147483647'],
    [criImages.pulled]: ['/bin/cat'],
  }
  const digests = await writeArchive(root, images, archive)
  rmSync(root, { recursive: true })
  return digests
}

/**
 * A runc that expands "a-b.slice:prefix:name", which the systemd driver asks for, into the path
 * that systemd would have made. So that machines without systemd have that form, too.
 */
const runcSlice = (runc: string): string => `#!/bin/bash
bundle= last=
for word; do [ "$last" = --bundle ] && bundle=$word; last=$word; done
if [ -n "$bundle" ] && grep -q '"cgroupsPath":"[^"]*\\.slice:' "$bundle/config.json"; then
  value=$(sed -n 's/.*"cgroupsPath":"\\([^"]*\\)".*/\\1/p' "$bundle/config.json")
  IFS=: read -r slice prefix name <<<"$value"
  IFS=- read -ra parts <<<"\${slice%.slice}"
  path= whole=
  for part in "\${parts[@]}"; do whole=\${whole:+$whole-}$part; path=$path/$whole.slice; done
  sed -i "s#\\"cgroupsPath\\":\\"[^\\"]*\\"#\\"cgroupsPath\\":\\"$path/$prefix-$name.scope\\"#" \\
    "$bundle/config.json"
fi
exec ${runc} "$@"
`

function writeConfiguration(folder: string): void {
  const wrapper = join(folder, 'runc-slice')
  writeFileSync(wrapper, runcSlice(findProgram('runc') ?? 'runc'))
  chmodSync(wrapper, 0o755)
  const cri = 'io.containerd.grpc.v1.cri'
  const text = `version = 2
root = "${folder}/root"
state = "${folder}/state"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${socketOf(folder)}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."${cri}"]
  sandbox_image = "${criImages.pause}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."${cri}".cni]
    bin_dir = "${folder}/cni"
    conf_dir = "${folder}/cni"
  [plugins."${cri}".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."${cri}".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [plugins."${cri}".containerd.runtimes.${sliceHandler}]
      runtime_type = "io.containerd.runc.v2"
      [plugins."${cri}".containerd.runtimes.${sliceHandler}.options]
        BinaryName = "${wrapper}"
`
  writeFileSync(join(folder, 'config.toml'), text)
}
