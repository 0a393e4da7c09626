/**
 * What container engines keep of a container beside its OCI bundle. Docker and Podman put no image
 * and no name into the bundle, as the runtimes of Kubernetes do.
 */
import { asObject, asText, parseJson } from '@bulwark/schema'
import type { ContainerMetadata, ContainerMount } from './container.ts'
import { readJson } from './json-file.ts'

type Facts = Partial<ContainerMetadata>

const withHash = (id: string | undefined): string | undefined =>
  id !== undefined && /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id

/** Docker's folder of a container has files that it mounts into it. */
const dockerFolder = (id: string, mounts: readonly ContainerMount[]): string | undefined =>
  mounts
    .map(({ source }) => source.slice(0, Math.max(source.lastIndexOf('/'), 0)))
    .find((folder) => folder.endsWith(`/containers/${id}`))

const dockerFacts = (folder: string): Facts => {
  const kept = readJson(`${folder}/config.v2.json`)
  const config = asObject(kept?.['Config'])
  return {
    name: asText(kept?.['Name'])?.replace(/^\//, ''),
    image: asText(config?.['Image']),
    imageId: asText(kept?.['Image']),
  }
}

/** Podman's storage lists its containers; those of `run --rm` are in a list of their own. */
const podmanFacts = (id: string, storage: string): Facts => {
  for (const list of ['containers.json', 'volatile-containers.json']) {
    const kept = readJson(`${storage}/${list}`)
    const found = Object.values(kept ?? {})
      .map(asObject)
      .find((each) => each?.['id'] === id)
    const facts = asObject(parseJson(asText(found?.['metadata']) ?? ''))
    if (!facts) continue
    return {
      name: asText(facts['name']),
      image: asText(facts['image-name']),
      imageId: withHash(asText(facts['image-id'])),
    }
  }
  return {}
}

/**
 * Image and name of a container, from its engine; nothing where that is not known.
 *
 * @param bundle  the folder of its config.json
 * @param mounts  what of the host it has, as that file says
 */
export const engineFacts = (
  id: string,
  bundle: string,
  mounts: readonly ContainerMount[],
): Facts => {
  const folder = dockerFolder(id, mounts)
  if (folder !== undefined) return dockerFacts(folder)
  const own = `/${id}/userdata`
  return bundle.endsWith(own) ? podmanFacts(id, bundle.slice(0, -own.length)) : {}
}
