/** Containers in cgroup paths, and the parts of image names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerInPath, imageParts } from './container.ts'

const id = 'a1'.repeat(32)
const inner = 'b2'.repeat(32)
const uid = '01234567-89ab-cdef-0123-456789abcdef'

const check = (path: string, expected: string): void => {
  const found = containerInPath(path)
  const text = found ? `${found.runtime ?? '-'} ${found.id} ${found.podUid ?? '-'}` : 'host'
  assert.equal(text, expected, path)
}

test('the container in a cgroup path', () => {
  const slices = `/kubepods.slice/kubepods-burstable.slice`
  const podSlice = `${slices}/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`
  check('/', 'host')
  check('', 'host')
  check('/system.slice/sshd.service', 'host')
  check(podSlice, 'host')
  check(`${podSlice}/cri-containerd-${id}.scope`, `containerd ${id} ${uid}`)
  check(`${podSlice}/crio-${id}.scope`, `cri-o ${id} ${uid}`)
  check(`${podSlice}/cri-containerd-${id}.scope/init`, `containerd ${id} ${uid}`)
  check(`/kubepods/burstable/pod${uid}/${id}`, `- ${id} ${uid}`)
  check(`/kubepods/pod${uid}/${id}/docker/${inner}`, `docker ${inner} ${uid}`)
  check(`/docker/${id}`, `docker ${id} -`)
  check(`/system.slice/docker-${id}.scope`, `docker ${id} -`)
  check(`/machine.slice/libpod-${id}.scope/container`, `podman ${id} -`)
  check(`/machine.slice/libpod-conmon-${id}.scope`, 'host')
  check(`/system.slice/docker-${id.slice(1)}.scope`, 'host')
})

test('the parts of an image reference', () => {
  const parts = (image: string): string => {
    const { repository, tag, digest } = imageParts(image)
    return `${repository} ${tag ?? '-'} ${digest ?? '-'}`
  }
  assert.equal(parts('docker.io/library/nginx:1.29'), 'docker.io/library/nginx 1.29 -')
  assert.equal(parts('localhost:5000/a/b'), 'localhost:5000/a/b - -')
  assert.equal(parts('r.example/x:2@sha256:ab'), 'r.example/x 2 sha256:ab')
  assert.equal(parts('sha256:ab'), 'sha256 ab -')
})
