/**
 * Who may do what: a table of cases after the documentation of RBAC, and a comparison with a slow
 * evaluator that shares nothing with the fast one.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Cluster } from '../cluster.ts'
import { clusterOf } from '../testdata/clusters.ts'
import { reached, runs, seed } from '../testdata/laws.ts'
import type { Identity } from './grants.ts'
import { accountIdentity, can } from './grants.ts'
import type { Request } from './match.ts'
import { slowCan } from './testdata/slow-rbac.ts'
import { rbacObjects, requests } from './testdata/random-rbac.ts'

const folder = join(import.meta.dirname, 'cases')

/** `sa NS/NAME`, `user NAME [of GROUP,…]`, `group NAME`. */
const readIdentity = (text: string): Identity => {
  const [kind, name = '', , groups] = text.split(' ')
  const [namespace = '', account = ''] = name.split('/')
  if (kind === 'sa') return accountIdentity(namespace, account)
  if (kind === 'group') return { user: '', groups: [name] }
  return { user: name, groups: groups?.split(',') ?? [] }
}

/** `VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAME] [in NAMESPACE]`, or `VERB /PATH`. */
const readRequest = (text: string): Request => {
  const [verb = '', what = '', ...rest] = text.split(' ')
  if (what.startsWith('/')) return { verb, path: what }
  const [full = '', subresource = ''] = what.split('/')
  const [resource = '', group = ''] = full.split(/\.(.*)/)
  const [, name = '', namespace = ''] =
    /^(?:(?!in )(\S+) ?)?(?:in (\S+))?$/.exec(rest.join(' ')) ?? []
  return { verb, group, resource, subresource, name, namespace }
}

for (const file of readdirSync(folder).toSorted()) {
  for (const text of readFileSync(join(folder, file), 'utf8').split(/^(?=# )/m)) {
    const [objects = '', questions = ''] = text.split('==>\n')
    const cluster = clusterOf(objects)
    for (const line of questions.split('\n').filter((each) => each !== '')) {
      const [, expected, who = '', what = ''] = /^(yes|no) +(.+?): (\S+ .+)$/.exec(line) ?? []
      test(`${file}: ${line}`, () => {
        assert.equal(can(cluster, readIdentity(who), readRequest(what)) ? 'yes' : 'no', expected)
      })
    }
  }
}

test('the fast evaluator and the slow one agree', () => {
  let asked = 0
  let allowed = 0
  fc.assert(
    fc.property(rbacObjects, fc.array(requests, { minLength: 20, maxLength: 20 }), (all, each) => {
      const cluster = new Cluster()
      for (const object of all) cluster.put(object)
      for (const { identity, request } of each) {
        const answer = slowCan(all, identity, request)
        asked++
        if (answer) allowed++
        assert.equal(can(cluster, identity, request), answer, JSON.stringify({ identity, request }))
      }
    }),
    { seed, numRuns: runs(300) },
  )
  // Most requests of anybody are refused.
  reached('requests that are allowed', allowed, asked, 0.1)
})
