/**
 * Golden cases of `bulwark graph`, one text file. A case is a title, a cluster as a list of objects
 * in YAML (`apiVersion` may be left out), and commands with what they say: exit code when it is not
 * 0, stderr without what was read, stdout. `UPDATE_CASES=1` writes what is said now.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readTypes } from '@bulwark/graph'
import type { BlastRadiusAnswer, PathsAnswer, WhoCanAnswer } from '@bulwark/schema'
import { parse } from 'yaml'
import { bulwark } from './testdata/bulwark.ts'

const path = join(import.meta.dirname, 'cases/graph.txt')
const shop = join(import.meta.dirname, '../tests/clusters/shop')

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-graph-'))
})
after(() => rmSync(folder, { recursive: true }))

const typed = (object: Record<string, unknown>): object => {
  const type = readTypes.find(({ kind }) => kind === object['kind'])
  const version = type?.versions[0] ?? 'v1'
  const group = type?.group ?? ''
  return { apiVersion: group === '' ? version : `${group}/${version}`, ...object }
}

const writeCluster = (name: string, yaml: string): string => {
  const cluster = join(folder, name)
  mkdirSync(cluster)
  const items = (parse(yaml) as Record<string, unknown>[]).map(typed)
  writeFileSync(join(cluster, 'all.json'), JSON.stringify({ kind: 'List', items }))
  return cluster
}

/** What is said of the input is the same for each. */
const inputLine = /^bulwark: (?:cluster from|  (?:read|not used|warning: no [A-Z])).*\n/gm

const said = async (cluster: string, command: string): Promise<string> => {
  const ended = await bulwark(['graph', ...command.split(' '), '--from-files', cluster])
  const { code, stdout, stderr } = ended
  const exit = code === 0 ? '' : `exit code ${code}\n`
  return `==> ${command}\n${exit}${stderr.replace(inputLine, '')}${stdout}`
}

const cases = readFileSync(path, 'utf8').split(/^(?=# )/m)
const answers: string[] = []

for (const [at, text] of cases.entries()) {
  const [input = '', ...rest] = text.split(/^(?===> )/m)
  test(input.slice(2, input.indexOf('\n')), async () => {
    const cluster = writeCluster(String(at), input)
    const commands = rest.map((part) => part.slice('==> '.length, part.indexOf('\n')))
    const got = await Promise.all(commands.map((command) => said(cluster, command)))
    answers.push(input + got.join(''))
    if (process.env['UPDATE_CASES'] !== '1') assert.equal(got.join(''), rest.join(''))
  })
}

after(() => {
  if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, answers.join(''))
})

const json = async <Answer>(...args: readonly string[]): Promise<Answer> => {
  const { code, stdout } = await bulwark(['graph', ...args, '--from-files', shop, '-o', 'json'])
  assert.equal(code, 0)
  return JSON.parse(stdout) as Answer
}

test('the worst corner of the shop, for programs', async () => {
  const pods = JSON.parse(readFileSync(join(shop, 'pods.json'), 'utf8')) as {
    readonly items: readonly { readonly metadata: { readonly name: string } }[]
  }
  const payments = pods.items.find(({ metadata }) => metadata.name.startsWith('payments-'))
  const start = `pod:shop-prod/${payments?.metadata.name}`
  const [paths, blast, who] = await Promise.all([
    json<PathsAnswer>('paths', '--from', start, '--to', 'cluster-admin'),
    json<BlastRadiusAnswer>('blast-radius', 'clusterrolebinding:ci-runner-admin'),
    json<WhoCanAnswer>('who-can', 'create', 'pods/exec', '-n', 'platform'),
  ])
  const [first] = paths.paths
  assert.equal(first?.certainty, 'certain')
  assert.equal(first.edges.at(0)?.from.id, start)
  assert.equal(first.edges.at(-1)?.to.id, 'cluster-admin')
  for (const [at, { from }] of first.edges.entries()) {
    if (at > 0) assert.equal(from.id, first.edges[at - 1]?.to.id)
  }
  assert.ok(paths.fixes.fixes.length > 0)
  assert.deepEqual(paths.input.faults, [])
  assert.equal(blast.counts['cluster-admin'], 1)
  assert.ok(
    who.subjects.some(({ namespace, name }) => `${namespace}/${name}` === 'shop-prod/deployer'),
  )
})

test('no way goes over all the points of another: those are its detours', async () => {
  const { paths } = await json<PathsAnswer>('paths', '--from', 'internet', '--best', '6')
  const points = paths.map(
    ({ edges }) => new Set(edges.flatMap(({ from, to }) => [from.id, to.id])),
  )
  assert.equal(paths.length, 6)
  for (const [at, some] of points.entries()) {
    for (const others of points.slice(0, at)) {
      assert.ok([...others].some((point) => !some.has(point)))
    }
  }
  assert.ok(paths.some(({ detours }) => detours > 0))
})

test('replicas of a workload are one way, and programs get each of them', async () => {
  const { paths } = await json<PathsAnswer>('paths', '--from', 'internet')
  const pods = paths[0]?.edges
    .filter(({ edge }) => edge === 'EXPOSED')
    .flatMap(({ to, replicas }) => [to].concat(replicas))
  assert.deepEqual(
    pods?.map(({ id }) => id),
    ['endpoint:shop-prod/web-e185b56a5-1716b/web', 'endpoint:shop-prod/web-e185b56a5-3eb56/web'],
  )
})

test('wrong usage, and help', async () => {
  const check = async (line: string, code: number, expected: RegExp): Promise<void> => {
    const ended = await bulwark(['graph', ...line.split(' ')])
    assert.equal(ended.code, code, line)
    assert.match(ended.stdout + ended.stderr, expected)
  }
  await Promise.all([
    check('paths --from internet', 2, /no cluster is given\n.*give `--from-files DIR` or `--kube/),
    check('paths --from-files /x', 2, /required option '--from <start>'/),
    check('paths --from internet --from-files /nowhere', 2, /cannot read a cluster from \/nowhere/),
    check('paths --from a --from-files x --kubeconfig y', 2, /cannot be used with/),
    check('paths --from a --server http://x --vulnerabilities y', 2, /cannot be used with/),
    check('paths --from internet --kubeconfig /nowhere', 2, /cannot use \/nowhere: ENOENT/),
    check('--help', 0, /blast-radius[^]*kubectl get/),
    check('paths --help', 0, /--crown-jewels <selector>[^]*^Examples:/m),
  ])
})
