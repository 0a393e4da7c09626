/** Image references as scopes name them: `nginx` is `docker.io/library/nginx` with any tag. */
import { byteString } from '@bulwark/schema'
import { globMatcher } from '../glob.ts'

/** An image reference, in its parts. */
export interface ImageReference {
  /** With its registry: `docker.io/library/nginx`. */
  readonly repository: string
  /** `latest` where it has neither tag nor digest. */
  readonly tag: string | undefined
  readonly digest: string | undefined
}

const hub = 'docker.io/'
const official = 'docker.io/library/'

/** Whether what stands before the first slash is a registry, and no folder of the usual one. */
const isRegistry = (first: string): boolean => /[.:]/.test(first) || first === 'localhost'

const withRegistry = (name: string): string => {
  const slash = name.indexOf('/')
  if (slash < 0) return official + name
  return isRegistry(name.slice(0, slash)) ? name : hub + name
}

/** Reads a reference as container runtimes do. */
export const readImage = (text: string): ImageReference => {
  const at = text.indexOf('@')
  const name = at < 0 ? text : text.slice(0, at)
  const digest = at < 0 ? undefined : text.slice(at + 1)
  const colon = name.lastIndexOf(':')
  const isTagged = colon > name.lastIndexOf('/')
  const tag = isTagged ? name.slice(colon + 1) : digest === undefined ? 'latest' : undefined
  return { repository: withRegistry(isTagged ? name.slice(0, colon) : name), tag, digest }
}

/** The names that people give a repository. */
const namesOf = (repository: string): readonly string[] => [
  repository,
  ...[official, hub]
    .filter((prefix) => repository.startsWith(prefix))
    .map((prefix) => repository.slice(prefix.length)),
]

/** Whether a glob names a tag: a colon behind the last slash, outside of brackets. */
const namesTag = (glob: string): boolean =>
  glob.replaceAll(/\[[^\]]*\]/g, '?').lastIndexOf(':') > glob.lastIndexOf('/')

/** Whether an image has a name that the glob matches; without a tag in it, whatever its tag is. */
export const imageMatcher = (glob: string): ((image: ImageReference) => boolean) => {
  const matches = globMatcher(byteString(glob))
  const isTagged = namesTag(glob)
  return ({ repository, tag }) => {
    if (isTagged && tag === undefined) return false
    return namesOf(repository).some((name) =>
      matches(byteString(isTagged ? `${name}:${tag ?? ''}` : name)),
    )
  }
}
