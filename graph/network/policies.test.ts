/**
 * What policies let through, as a table of cases after the specifications of NetworkPolicy,
 * AdminNetworkPolicy and BaselineAdminNetworkPolicy: `cases/policies.txt`. A case is a title, objects
 * in a line each beside those at the top of the file, and what gets through between two ends.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAddress } from '@bulwark/schema'
import { clusterNetwork } from './cluster-network.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import { portsText, subtract } from './ports.ts'
import { clusterOfLines } from './testdata/short.ts'
import type { Verdict } from './verdict.ts'

const verdictOf = (network: ClusterNetwork, from: string, to: string): Verdict => {
  const classOf = (pod: string) => {
    const [namespace = '', name = ''] = pod.split('/')
    const found = network.classes.ofPod(namespace, name)
    assert.ok(found, `no pod ${pod}`)
    return found
  }
  const [source, destination] = [parseAddress(from), parseAddress(to)]
  if (source !== undefined) return network.ingressFrom(classOf(to), source)
  if (destination !== undefined) return network.egressTo(classOf(from), destination)
  return network.verdict(classOf(from), classOf(to))
}

const verdictText = ({ sure, most }: Verdict): string => {
  const isExact = subtract(most, sure).length === 0
  return portsText(sure) + (isExact ? '' : `, at most ${portsText(most)}`)
}

const text = readFileSync(join(import.meta.dirname, 'cases/policies.txt'), 'utf8')
const [cluster = '', ...cases] = text.split(/^# /m)
for (const each of cases) {
  const [head = '', expected = ''] = each.split('==>\n')
  const end = head.indexOf('\n')
  test(head.slice(0, end), () => {
    const network = clusterOfLines(cluster + head.slice(end + 1)).state(clusterNetwork)
    const lines = expected.trim().split('\n')
    const got = lines.map((line) => {
      const [, from = '', to = ''] = /^(\S+) > (\S+): /.exec(line) ?? []
      return `${from} > ${to}: ${verdictText(verdictOf(network, from, to))}`
    })
    assert.deepEqual(got, lines)
  })
}
