/** What the files of container runtimes tell: those of containerd, CRI-O, Docker; and garbage. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { limits } from '../limits.ts'
import { bundleInArguments, metadataFromBundle, readMetadata } from './runtime-files.ts'

const id = 'a1'.repeat(32)
const folder = mkdtempSync(join(tmpdir(), 'bulwark-runtime-'))
after(() => rmSync(folder, { recursive: true }))

/** A new directory with files below it; objects are written as JSON. */
let top = ''
let tops = 0
beforeEach(() => {
  top = join(folder, String(tops++))
})
const write = (files: Readonly<Record<string, unknown>>): void => {
  for (const [path, content] of Object.entries(files)) {
    const file = join(top, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
}

const containerd = {
  annotations: {
    'io.kubernetes.cri.container-name': 'web',
    'io.kubernetes.cri.image-name': 'docker.io/library/nginx:1.29',
    'io.kubernetes.cri.sandbox-name': 'web-1',
    'io.kubernetes.cri.sandbox-namespace': 'shop',
    'io.kubernetes.cri.sandbox-uid': '01234567-89ab-cdef-0123-456789abcdef',
  },
}
const crio = {
  annotations: {
    'io.kubernetes.container.name': 'web',
    'io.kubernetes.cri-o.ImageName': 'quay.io/a/b@sha256:12',
    'io.kubernetes.pod.name': 'web-1',
    'io.kubernetes.pod.namespace': 'shop',
    'io.kubernetes.pod.uid': '01234567-89ab-cdef-0123-456789abcdef',
  },
}

const found = (): string => {
  const metadata = readMetadata(id, { top })
  if (!metadata) return 'none'
  const { name, image, podName, namespace, startedNs } = metadata
  return [name, image, podName, namespace, startedNs].map((each) => each ?? '-').join(' ')
}

const state = (bundle: string, created?: unknown): unknown => ({
  ...(created === undefined ? {} : { created }),
  config: { labels: ['other=1', `bundle=${bundle}`] },
})

test('containerd with runc: the state names the bundle', () => {
  write({
    [`run/containerd/runc/k8s.io/${id}/state.json`]: state(
      join(top, 'somewhere'),
      '2026-11-23T10:11:12.123456789Z',
    ),
    'somewhere/config.json': containerd,
  })
  assert.equal(found(), 'web docker.io/library/nginx:1.29 web-1 shop 1795428672123000000')
})

test('containerd without a state of runc: the bundle is where tasks are', () => {
  write({ [`run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`]: containerd })
  assert.equal(found(), 'web docker.io/library/nginx:1.29 web-1 shop -')
})

test('CRI-O with runc', () => {
  write({ [`run/runc/${id}/state.json`]: state(join(top, 'b')), 'b/config.json': crio })
  assert.equal(found(), 'web quay.io/a/b@sha256:12 web-1 shop -')
})

test('CRI-O with crun', () => {
  write({ [`run/crun/${id}/status`]: { bundle: join(top, 'b') }, 'b/config.json': crio })
  assert.equal(found(), 'web quay.io/a/b@sha256:12 web-1 shop -')
})

test('Docker: no annotations, but a start', () => {
  const created = '1970-01-01T00:00:01Z'
  write({
    [`run/docker/runtime-runc/moby/${id}/state.json`]: state(join(top, 'b'), created),
    'b/config.json': { annotations: {} },
  })
  assert.equal(found(), '- - - - 1000000000')
})

test('a bundle that is known needs no state', () => {
  write({ 'b/config.json': containerd })
  assert.equal(readMetadata(id, { top, bundle: join(top, 'b') })?.podName, 'web-1')
  assert.equal(readMetadata(id, { top, bundle: join(top, 'c') }), undefined)
})

test('a bundle is in the arguments of a runtime', () => {
  const check = (args: string, expected: string | undefined): void => {
    assert.equal(bundleInArguments(args.split(' '), '/here', 'x1'), expected, args)
  }
  check('--root /run/r --log-format json create --bundle /b --pid-file /p x1', '/b')
  check('run -b /b x1', '/b')
  check('create --bundle=/b x1', '/b')
  check('run -bundle there x1', '/here/there')
  check('run x1', '/here')
  check('create --bundle /b x12', undefined)
  check('create x1 --bundle', '/here')
  check('', undefined)
})

test('Docker keeps image and name in a folder that it mounts files of', () => {
  const data = join(top, `data/containers/${id}`)
  const hosts = { type: 'bind', source: `${data}/hosts`, destination: '/etc/hosts' }
  const config = { mounts: [{ ...hosts, source: '/etc/localtime' }, hosts] }
  const kept = { Name: '/web', Image: `sha256:${id}`, Config: { Image: 'nginx:1' } }
  write({ 'b/config.json': config, [`data/containers/${id}/config.v2.json`]: kept })
  const { name, image, imageId } = readMetadata(id, { top, bundle: join(top, 'b') }) ?? {}
  assert.deepEqual([name, image, imageId], ['web', 'nginx:1', `sha256:${id}`])
})

test('Podman lists its containers with image and name', () => {
  const storage = 'var/lib/containers/storage/overlay-containers'
  const facts = { name: 'web', 'image-name': 'localhost/nginx:1', 'image-id': id }
  for (const list of ['containers.json', 'volatile-containers.json']) {
    top = join(folder, String(tops++))
    const entries = [null, { id: 'other' }, { id, metadata: JSON.stringify(facts) }]
    write({ [`${storage}/${id}/userdata/config.json`]: {}, [`${storage}/${list}`]: entries })
    assert.equal(found(), 'web localhost/nginx:1 - - -')
    write({ [`${storage}/${list}`]: [{ id, metadata: '{' }] })
    assert.equal(found(), '- - - - -')
  }
})

test('garbage, cut and missing files are as if there were none', () => {
  /** @param stateFile  `good`, or a content */
  const check = (stateFile: unknown, config: unknown, expected: string): void => {
    top = join(folder, String(tops++))
    const content = stateFile === 'good' ? state(join(top, 'b')) : stateFile
    write({ [`run/runc/${id}/state.json`]: content, 'b/config.json': config })
    const what = `${JSON.stringify(stateFile)} ${JSON.stringify(config)}`
    assert.equal(found(), expected, what.slice(0, 200))
  }
  const whole = JSON.stringify(crio)
  assert.equal(found(), 'none')
  for (const text of ['', '{', '[]', 'null', '1', '"a"', '\0\0', '{"config":', '[['.repeat(9999)]) {
    check(text, crio, 'none')
  }
  check({ config: null }, crio, 'none')
  check({ config: { labels: null } }, crio, 'none')
  check({ config: { labels: [1, null, {}, 'bundle'] } }, crio, 'none')
  check(state('/nowhere/at/all'), crio, 'none')
  check(state(''), crio, 'none')
  check('good', whole, 'web quay.io/a/b@sha256:12 web-1 shop -')
  for (let bytes = 0; bytes < whole.length; bytes += 17) {
    check('good', whole.slice(0, bytes), 'none')
  }
  check('good', '[]', '- - - - -')
  check('good', { annotations: [1] }, '- - - - -')
  check('good', { annotations: { 'io.kubernetes.pod.name': 7 } }, '- - - - -')
  check('good', { annotations: null, process: 1, linux: 'x', root: [] }, '- - - - -')
})

test('a file that is too large is not read', () => {
  write({ [`run/runc/${id}/state.json`]: state(join(top, 'b')), 'b/config.json': crio })
  truncateSync(join(top, 'b/config.json'), limits.metadataBytesMax + 1)
  assert.equal(found(), 'none')
})

test('a start that is no date is none', () => {
  const check = (created: unknown, expected: string): void => {
    top = join(folder, String(tops++))
    write({ [`run/runc/${id}/state.json`]: state(join(top, 'b'), created), 'b/config.json': {} })
    assert.equal(found(), `- - - - ${expected}`, JSON.stringify(created))
  }
  check('2026-11-23T10:11:12Z', '1795428672000000000')
  check('soon', '-')
  check('', '-')
  check(5, '-')
  check(null, '-')
})

test('privileged is: all capabilities, and nothing of /proc masked', () => {
  const check = (bounding: unknown, maskedPaths: unknown, expected: boolean): void => {
    const config = { process: { capabilities: { bounding } }, linux: { maskedPaths } }
    assert.equal(metadataFromBundle(config, '/b', undefined).privileged, expected)
  }
  const all = ['CAP_SYS_ADMIN', 'CAP_SYS_MODULE', 'CAP_CHOWN']
  check(all, [], true)
  check(all, undefined, true)
  check(all, ['/proc/kcore'], false)
  check(['CAP_CHOWN'], [], false)
  check(['CAP_SYS_ADMIN'], [], false)
  check(undefined, undefined, false)
  check('CAP_SYS_ADMIN CAP_SYS_MODULE', [], false)
})

test('the root directory may be relative to the bundle', () => {
  const check = (path: unknown, expected: string | undefined): void => {
    const { rootPath } = metadataFromBundle({ root: { path } }, '/run/b', undefined)
    assert.equal(rootPath, expected)
  }
  check('/var/lib/x/merged', '/var/lib/x/merged')
  check('rootfs', '/run/b/rootfs')
  check(5, undefined)
  check(undefined, undefined)
})
