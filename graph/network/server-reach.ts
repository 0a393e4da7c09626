/** Whether pods may connect to the API server. */
import { parseAddress } from '@bulwark/schema'
import type { Answer } from '@bulwark/schema'
import type { Cluster } from '../cluster.ts'
import type { Pod } from '../objects/pod.ts'
import type { Index } from '../objects/table.ts'
import { clusterNetwork } from './cluster-network.ts'
import { hasPort, portNumber } from './ports.ts'

export const serverEndpoints: Index<'EndpointSlice'> = {
  kind: 'EndpointSlice',
  keys: ({ namespace, service }) =>
    namespace === 'default' && service === 'kubernetes' ? ['server'] : [],
}

/**
 * Whether a pod may connect to the API server: without that a token in it is of no use there.
 * `undefined`: it is not known, or the server's addresses are not.
 */
export const reachesServer = (cluster: Cluster, pod: Pod): Answer => {
  const network = cluster.state(clusterNetwork)
  const own = network.classes.ofPod(pod.namespace, pod.name)
  if (!own) return false
  const { namespaced, admin, baseline, unknown } = network.holding(own, 'egress')
  const isFree = namespaced.length + admin.length + baseline.length === 0 && unknown === 'nothing'
  if (isFree) return true
  const { objects } = cluster
  const slices = [...objects.find(serverEndpoints, 'server')]
  const old = objects.get('Endpoints', 'default', 'kubernetes')
  const told = slices.length > 0 || !old ? slices : [old]
  let answer: Answer = told.length === 0 ? undefined : false
  for (const { endpoints, ports } of told) {
    for (const text of endpoints.flatMap(({ addresses }) => addresses)) {
      const address = parseAddress(text)
      if (address === undefined) continue
      const { sure, most } = network.egressTo(own, address)
      for (const { protocol, port } of ports) {
        if (hasPort(sure, portNumber(protocol, port))) return true
        if (hasPort(most, portNumber(protocol, port))) answer = undefined
      }
    }
  }
  return answer
}
