/** What the lab's API server says of itself: as much as kubectl asks for. */
import { policyApiVersion, policyGroup, policyVersion } from '@bulwark/schema'
import type { Json, Resource } from './store.ts'

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']

const listOf = (groupVersion: string, resources: readonly Resource[]): Json => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: resources
    .filter(({ apiVersion }) => apiVersion === groupVersion)
    .map(({ name, singular, namespaced, kind, shortNames }) => ({
      name,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      shortNames,
    })),
})

const authentication = 'authentication.k8s.io'
const authenticationV1 = `${authentication}/v1`
const version = { groupVersion: authenticationV1, version: 'v1' }
const policies = { groupVersion: policyApiVersion, version: policyVersion }

const versionIn = (groupVersion: string): Json => ({
  groupVersion,
  version: groupVersion.slice(groupVersion.indexOf('/') + 1),
})

/** The group of a resource, as one of all groups. */
const groupOf = (group: string, resources: readonly Resource[]): Json => {
  const own = resources.filter((each) => each.group === group)
  const versions = [...new Set(own.map(({ apiVersion }) => apiVersion))].map(versionIn)
  return { name: group, versions, preferredVersion: versions[0] }
}

/** What is said of resources that not every server of the lab has. */
const discoveryOfOthers = (path: string, resources: readonly Resource[]): Json | undefined => {
  const groups = [...new Set(resources.map(({ group }) => group))].filter(
    (group) => group !== '' && group !== policyGroup,
  )
  if (path === '/apis') {
    const own = (discovery[path]?.['groups'] ?? []) as readonly Json[]
    return {
      ...discovery[path],
      groups: [...own, ...groups.map((each) => groupOf(each, resources))],
    }
  }
  const [, groupVersion = ''] = /^\/apis?\/(.+)$/.exec(path) ?? []
  const isKnown = resources.some(({ apiVersion }) => apiVersion === groupVersion)
  return isKnown ? listOf(groupVersion, resources) : undefined
}

/** What is at a path of a server that has these resources; `undefined`: no words about it. */
export const discoveryAt = (path: string, resources: readonly Resource[]): Json | undefined =>
  discoveryOfOthers(path, resources) ?? discovery[path]

/** Answers by path. */
const discovery: Readonly<Record<string, Json | undefined>> = {
  '/version': {
    major: '1',
    minor: '32',
    gitVersion: 'v1.32.0',
    gitCommit: '0'.repeat(40),
    gitTreeState: 'clean',
    buildDate: '2024-12-11T00:00:00Z',
    goVersion: 'go1.23.3',
    compiler: 'gc',
    platform: 'linux/amd64',
  },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [
      { name: authentication, versions: [version], preferredVersion: version },
      { name: policyGroup, versions: [policies], preferredVersion: policies },
    ],
  },
  [`/apis/${authenticationV1}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: authenticationV1,
    resources: [
      {
        name: 'tokenreviews',
        singularName: '',
        namespaced: false,
        kind: 'TokenReview',
        verbs: ['create'],
      },
    ],
  },
}

/** A `Status`, which is what faults are answered with. */
export const status = (code: number, reason: string, message: string, more: Json = {}): Json => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: code < 400 ? 'Success' : 'Failure',
  message,
  reason,
  code,
  ...more,
})
