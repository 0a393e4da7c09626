/**
 * Clusters in a line an object, for tables of cases:
 *
 *   np NAMESPACE {spec}      a NetworkPolicy
 *   anp PRIORITY {spec}      an AdminNetworkPolicy; banp NAME {spec} the baseline
 *   cnp NAMESPACE {spec}     a CiliumNetworkPolicy; ccnp NAME {spec} for the whole cluster
 *   istio NAMESPACE {spec}   an AuthorizationPolicy
 *   ns NAME {labels}         a Namespace
 *   pod NAMESPACE/NAME {labels, ips, spec}
 *   over NAMESPACE/NAME      the pod has ended
 */
import { parse } from 'yaml'
import { Cluster } from '../../cluster.ts'
import type { Json } from '../../objects/reader.ts'
import { isJson } from '../../objects/reader.ts'

const admin = 'policy.networking.k8s.io/v1alpha1'

const policyOf = (word: string, where: string, name: string, spec: Json): Json | undefined => {
  const inNamespace = { name, namespace: where }
  const whole = { name: where }
  switch (word) {
    case 'np': {
      const type = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' }
      return { ...type, metadata: inNamespace, spec }
    }
    case 'anp': {
      const type = { apiVersion: admin, kind: 'AdminNetworkPolicy' }
      return { ...type, metadata: { name }, spec: { ...spec, priority: Number(where) } }
    }
    case 'banp':
      return { apiVersion: admin, kind: 'BaselineAdminNetworkPolicy', metadata: whole, spec }
    case 'cnp': {
      const type = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy' }
      return { ...type, metadata: inNamespace, spec }
    }
    case 'ccnp': {
      const type = { apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy' }
      return { ...type, metadata: whole, spec }
    }
    case 'istio': {
      const type = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy' }
      return { ...type, metadata: inNamespace, spec }
    }
    default:
      return undefined
  }
}

const podOf = (where: string, body: Json): Json => {
  const [namespace = '', name = ''] = where.split('/')
  const { labels, ips, phase = 'Running', spec = { containers: [{ name: 'app' }] } } = body
  const podIPs = Array.isArray(ips) ? ips.map((ip: unknown) => ({ ip })) : []
  const metadata = { namespace, name, labels }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: { phase, podIPs } }
}

/** Object of a line; `index` names those that have no name of their own. */
const objectOf = (line: string, index: number): Json => {
  const [, word = '', where = '', rest = ''] = /^(\S+) (\S+) ?(.*)$/.exec(line) ?? []
  const parsed: unknown = rest === '' ? {} : parse(rest)
  const body = isJson(parsed) ? parsed : {}
  if (word === 'ns') {
    return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: where, labels: body } }
  }
  if (word === 'pod') return podOf(where, body)
  if (word === 'over') return podOf(where, { phase: 'Succeeded' })
  const policy = policyOf(word, where, `policy-${index}`, body)
  if (!policy) throw new Error(`no object: ${line}`)
  return policy
}

export const objectsOf = (text: string): readonly Json[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map(objectOf)

export const clusterOfLines = (text: string): Cluster => {
  const cluster = new Cluster()
  for (const object of objectsOf(text)) cluster.put(object)
  return cluster
}
