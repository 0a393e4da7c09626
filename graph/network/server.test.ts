/** Whether a pod may connect to the API server, as a table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachesServer } from './server-reach.ts'
import { clusterOfLines } from './testdata/short.ts'

const calico =
  'pod kube-system/calico {spec: {hostNetwork: true, containers: [{name: c, image: calico/node}]}}\n'
const web = 'pod shop/web {labels: {app: web}, ips: [10.1.0.1]}\n'
const egress = (rules: string): string =>
  `np shop {podSelector: {}, policyTypes: [Egress], egress: [${rules}]}\n`

const server = (address: string): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'kubernetes',
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'kubernetes' },
  },
  endpoints: [{ addresses: [address] }],
  ports: [{ name: 'https', port: 6443 }],
})

const oldServer = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'kubernetes', namespace: 'default' },
  subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'https', port: 6443 }] }],
}

const cases: readonly {
  readonly title: string
  readonly lines: string
  readonly objects?: readonly object[]
  readonly is: boolean | undefined
}[] = [
  { title: 'no policy', lines: calico + web, is: true },
  { title: 'a policy that lets nothing out', lines: calico + web + egress(''), is: false },
  {
    title: 'a policy that lets its address and port out',
    lines: calico + web + egress('{to: [{ipBlock: {cidr: 10.0.0.1/32}}], ports: [{port: 6443}]}'),
    is: true,
  },
  {
    title: 'another port',
    lines: calico + web + egress('{to: [{ipBlock: {cidr: 10.0.0.1/32}}], ports: [{port: 443}]}'),
    is: false,
  },
  {
    title: 'another address',
    lines: calico + web + egress('{to: [{ipBlock: {cidr: 10.0.0.2/32}}]}'),
    is: false,
  },
  {
    title: 'pods alone',
    lines: calico + web + egress('{to: [{namespaceSelector: {}}]}'),
    is: false,
  },
  { title: 'policies may not be enforced', lines: web + egress(''), is: undefined },
  {
    title: 'its addresses are not known',
    lines: calico + web + egress('{ports: [{port: 53}]}'),
    objects: [],
    is: undefined,
  },
  {
    title: 'its addresses are not known, and no policy',
    lines: calico + web,
    objects: [],
    is: true,
  },
  {
    title: 'an Endpoints object tells of it',
    lines: calico + web + egress('{ports: [{port: 443}]}'),
    objects: [oldServer],
    is: false,
  },
  {
    title: "policies do not hold in the host's network",
    lines: `${calico}pod shop/web {spec: {hostNetwork: true, containers: [{name: a}]}}\n${egress('')}`,
    is: true,
  },
  { title: 'a pod that has ended', lines: `${calico}over shop/web\n`, is: false },
]

for (const { title, lines, objects = [server('10.0.0.1')], is } of cases) {
  test(title, () => {
    const cluster = clusterOfLines(lines)
    for (const object of objects) cluster.put(object)
    const pod = cluster.objects.get('Pod', 'shop', 'web')
    assert.ok(pod)
    assert.equal(reachesServer(cluster, pod), is)
  })
}
