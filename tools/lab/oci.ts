/** Writes an OCI archive of images by hand: one layer, which they share, and what each runs. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOrThrow } from './command.ts'

const mediaType = (name: string): string => `application/vnd.oci.image.${name}`

/**
 * @param root     the file system of all of them
 * @param images   whole references, with tags, and what a container runs that asks for nothing else
 * @param archive  the file to write
 * @returns the digests of their manifests, by reference
 */
export async function writeArchive(
  root: string,
  images: Readonly<Record<string, readonly string[]>>,
  archive: string,
): Promise<ReadonlyMap<string, string>> {
  const folder = `${archive}.d`
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const put = (type: string, bytes: Buffer, annotations: object = {}) => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(folder, 'blobs/sha256', hex), bytes)
    const digest = `sha256:${hex}`
    return { mediaType: mediaType(type), digest, size: bytes.length, annotations }
  }
  const putJson = (type: string, value: object, annotations?: object) =>
    put(type, Buffer.from(JSON.stringify(value)), annotations)
  const tar = `${archive}.layer`
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  await runOrThrow(['tar', ...same, '-C', root, '-cf', tar, '.'])
  const layer = readFileSync(tar)
  rmSync(tar)
  const layers = [put('layer.v1.tar', layer)]
  const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`
  const digests = new Map<string, string>()
  const manifests = Object.entries(images).map(([name, entrypoint]) => {
    const config = putJson('config.v1+json', {
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Entrypoint: entrypoint, Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] },
      rootfs: { type: 'layers', diff_ids: [diffId] },
    })
    const type = mediaType('manifest.v1+json')
    const manifest = { schemaVersion: 2, mediaType: type, config, layers }
    const written = putJson('manifest.v1+json', manifest, { 'io.containerd.image.name': name })
    digests.set(name, written.digest)
    return written
  })
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await runOrThrow(['tar', '-C', folder, '-cf', archive, '.'])
  rmSync(folder, { recursive: true })
  return digests
}
