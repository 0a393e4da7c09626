/**
 * Where packages lie, in the paths that the sensor sees. Documents give paths without the first
 * slash, in folders that are links today (`/lib` is `/usr/lib`), and for languages the file that
 * describes the package instead of its code.
 */
import { cveLimits as limits } from '../limits.ts'
import type { PackageKind, PackagePlaces } from './report.ts'

const merged = /^\/(?:usr\/)?(bin|sbin|lib|lib32|lib64|libx32)(?=\/)/

/**
 * A path as it is compared: absolute, no `.`, `..` or empty part, and without `/usr` where that and
 * the root have the same folder.
 */
export const comparedPath = (path: string): string => {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`.replace(merged, '/$1')
}

const ofPurl: Readonly<Record<string, PackageKind>> = {
  alpm: 'os',
  apk: 'os',
  deb: 'os',
  rpm: 'os',
  maven: 'jar',
  pypi: 'python',
  npm: 'node',
  gem: 'ruby',
  golang: 'static-binary',
  cargo: 'static-binary',
}

const ofType: Readonly<Record<string, PackageKind>> = {
  ...ofPurl,
  'os-pkgs': 'os',
  jar: 'jar',
  'java-archive': 'jar',
  'python-pkg': 'python',
  python: 'python',
  'node-pkg': 'node',
  gemspec: 'ruby',
  gobinary: 'static-binary',
  rustbinary: 'static-binary',
  'go-module': 'static-binary',
  'rust-crate': 'static-binary',
  binary: 'static-binary',
}

/** @param types  words for it, of the scanner or the package URL; the first known one counts */
export const kindOf = (...types: readonly (string | undefined)[]): PackageKind => {
  for (const type of types) {
    const kind = Object.hasOwn(ofType, type ?? '') ? ofType[type ?? ''] : undefined
    if (kind !== undefined) return kind
  }
  return 'other'
}

/** What no program runs or maps: most of a package's files, and not worth their memory. */
const neverRun = [
  /^\/(?:etc|usr\/include)\//,
  /^\/usr\/share\/(?:doc|man|locale|info|licenses|lintian|zoneinfo|icons)\//,
  /\.(?:h|a|la|pc|md|txt|html|mo|gz|pyi)$/,
]

const parent = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)
const archive = /^(.*?\.(?:jar|war|ear|jpi|hpi|par))(?:\/|$)/i
const lists = /\/(?:go\.(?:mod|sum)|Cargo\.(?:lock|toml)|[^/]*\.lock|[^/]*-lock\.(?:json|yaml))$/

const nowhere: PackagePlaces = { files: [], folders: [] }

/** What a path that describes a package says of where its code is. */
const described = (kind: PackageKind, path: string, name: string): PackagePlaces => {
  // Of these it says nothing.
  if (kind === 'os' || kind === 'other') return nowhere
  const whole = comparedPath(path)
  if (lists.test(whole)) return nowhere
  const folder = parent(whole)
  switch (kind) {
    case 'jar': {
      // Jars in jars: the outermost is the one that is a file.
      const file = archive.exec(whole)?.[1]
      return file === undefined ? nowhere : { files: [file], folders: [] }
    }
    case 'python': {
      const site = /^(.*\/)[^/]+\.(?:dist|egg)-info(?:\/|$)/.exec(whole)?.[1]
      if (site === undefined) return nowhere
      const module = name.toLowerCase().replaceAll(/[-.]+/g, '_')
      return { files: [], folders: [...new Set([`${site}${module}/`, `${site}${name}/`])] }
    }
    case 'node':
      return whole.endsWith('/package.json') ? { files: [], folders: [folder] } : nowhere
    case 'ruby': {
      // specifications/name-1.0.gemspec describes gems/name-1.0/
      const [, gems, gem] =
        /^(.*\/)specifications\/(?:default\/)?([^/]+)\.gemspec$/.exec(whole) ?? []
      return gem === undefined ? nowhere : { files: [], folders: [`${gems ?? ''}gems/${gem}/`] }
    }
    case 'static-binary':
      return { files: [whole], folders: [] }
  }
}

/**
 * @param files  that belong to the package
 * @param paths  of what describes it
 */
export const placesOf = (
  kind: PackageKind,
  name: string,
  files: readonly string[],
  paths: readonly string[],
): PackagePlaces => {
  const all = paths.map((path) => described(kind, path, name))
  if (files.length === 0 && all.every((each) => each === nowhere)) return nowhere
  const known = new Set(all.flatMap((each) => each.files))
  for (const file of files) {
    const path = comparedPath(file)
    if (!neverRun.some((form) => form.test(path))) known.add(path)
  }
  return {
    files: [...known].slice(0, limits.filesMax),
    folders: [...new Set(all.flatMap((each) => each.folders))],
  }
}
