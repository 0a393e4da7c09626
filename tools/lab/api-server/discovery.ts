/** What the lab's API server says of itself: as much as kubectl asks for. */
import { policyApiVersion, policyGroup, policyVersion } from '@bulwark/schema'
import type { Json } from './store.ts'
import { resources } from './store.ts'

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']

const listOf = (groupVersion: string): Json => ({
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
const groupVersion = `${authentication}/v1`
const version = { groupVersion, version: 'v1' }
const policies = { groupVersion: policyApiVersion, version: policyVersion }

/** Answers by path. */
export const discovery: Readonly<Record<string, Json | undefined>> = {
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
  '/api/v1': listOf('v1'),
  [`/apis/${policyApiVersion}`]: listOf(policyApiVersion),
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [
      { name: authentication, versions: [version], preferredVersion: version },
      { name: policyGroup, versions: [policies], preferredVersion: policies },
    ],
  },
  [`/apis/${groupVersion}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
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
