/** Containers in cgroup paths, and the parts of image names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerInPath, containersInPath, imageParts } from './container.ts'

const id = 'a1'.repeat(32)
const inner = 'b2'.repeat(32)
const uid = '01234567-89ab-cdef-0123-456789abcdef'

const check = (path: string, expected: string): void => {
  const found = containerInPath(path)
  const text = found ? `${found.runtime ?? '-'} ${found.id} ${found.podUid ?? '-'}` : 'host'
  assert.equal(text, expected, path)
}

const slices = '/kubepods.slice/kubepods-burstable.slice'
const podSlice = `${slices}/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`
const hash = '3f'.repeat(16)

test('the host', () => {
  check('/', 'host')
  check('', 'host')
  check('/init.scope', 'host')
  check('/system.slice/sshd.service', 'host')
  check('/system.slice/containerd.service', 'host')
  check('/user.slice/user-1000.slice/session-2.scope', 'host')
  check(podSlice, 'host')
  check(`/kubepods/burstable/pod${uid}`, 'host')
  check(`/podruntime/runtime`, 'host')
})

test('containerd', () => {
  check(`${podSlice}/cri-containerd-${id}.scope`, `containerd ${id} ${uid}`)
  check(`${podSlice}/cri-containerd-${id}.scope/init`, `containerd ${id} ${uid}`)
  check(`/kubepods/burstable/pod${uid}/${id}`, `- ${id} ${uid}`)
  check(`/kubepods/besteffort/pod${uid}/${id}`, `- ${id} ${uid}`)
  check(`/kubepods/pod${uid}/${id}`, `- ${id} ${uid}`)
  // The systemd driver's form given to a runtime that took it for a path.
  const slice = `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`
  check(`/${slice}:cri-containerd:${id}`, `containerd ${id} ${uid}`)
  check(`/system.slice/containerd.service/${slice}:cri-containerd:${id}`, `containerd ${id} ${uid}`)
  check(`/system.slice:cri-containerd:${id}`, `containerd ${id} -`)
  check(`/system.slice/nerdctl-${id}.scope`, `containerd ${id} -`)
  check(`/default/${id}`, `- ${id} -`)
})

test('CRI-O: conmon watches from outside', () => {
  check(`${podSlice}/crio-${id}.scope`, `cri-o ${id} ${uid}`)
  check(`${podSlice}/crio-${id}.scope/container`, `cri-o ${id} ${uid}`)
  check(`${podSlice}/crio-conmon-${id}.scope`, 'host')
  check(`/kubepods/burstable/pod${uid}/crio-${id}`, `cri-o ${id} ${uid}`)
  check(`/kubepods/burstable/pod${uid}/crio-conmon-${id}`, 'host')
})

test('Docker', () => {
  // The first as Docker 20.10 makes it, with its own driver.
  check(`/docker/${id}`, `docker ${id} -`)
  check(`/system.slice/docker-${id}.scope`, `docker ${id} -`)
  check(`/system.slice:docker:${id}`, `docker ${id} -`)
  check(`${podSlice}/docker-${id}.scope`, `docker ${id} ${uid}`)
  check(`/kubepods/burstable/pod${uid}/${id}`, `- ${id} ${uid}`)
  check(`/ecs/0f1e2d/${id}`, `- ${id} -`)
})

test('podman', () => {
  check(`/machine.slice/libpod-${id}.scope/container`, `podman ${id} -`)
  check(`/machine.slice/libpod-conmon-${id}.scope`, 'host')
  // As Podman 4.3 makes them, with its own driver; in a pod, too.
  check(`/libpod_parent/libpod-${id}`, `podman ${id} -`)
  check('/libpod_parent/conmon', 'host')
  check(`/libpod_parent/libpod-${id}/conmon`, `podman ${id} -`)
  check(`/machine.slice/machine-libpod_pod_${inner}.slice/libpod-${id}.scope`, `podman ${id} -`)
  const user = '/user.slice/user-1000.slice/user@1000.service/user.slice'
  check(`${user}/libpod-${id}.scope/container`, `podman ${id} -`)
})

test('static pods have a hash for a uid', () => {
  check(`/kubepods/pod${hash}/${id}`, `- ${id} ${hash}`)
  check(
    `/kubepods.slice/kubepods-pod${hash}.slice/cri-containerd-${id}.scope`,
    `containerd ${id} ${hash}`,
  )
})

test('a container in a container is itself, in the closest pod above it', () => {
  const other = 'fedcba98-89ab-cdef-0123-456789abcdef'
  check(`/kubepods/pod${uid}/${id}/docker/${inner}`, `docker ${inner} ${uid}`)
  check(`/docker/${id}/kubelet/kubepods/burstable/pod${uid}/${inner}`, `- ${inner} ${uid}`)
  const kind = `/docker/${id}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice`
  check(
    `${kind}/kubelet-kubepods-burstable-pod${other.replaceAll('-', '_')}.slice/cri-containerd-${inner}.scope`,
    `containerd ${inner} ${other}`,
  )
  check(
    `${podSlice}/cri-containerd-${id}.scope/kubepods/pod${other}/${inner}`,
    `- ${inner} ${other}`,
  )
  check(
    `${podSlice}/cri-containerd-${id}.scope/system.slice/ssh.service`,
    `containerd ${id} ${uid}`,
  )
  assert.deepEqual(
    containersInPath(`/docker/${id}/docker/${inner}/x`).map(({ base }) => base),
    [`/docker/${id}`, `/docker/${id}/docker/${inner}`],
  )
})

test('what only looks like one', () => {
  check(`/system.slice/docker-${id.slice(1)}.scope`, 'host')
  check(`/system.slice/docker-${id}0.scope`, 'host')
  check(`/system.slice/docker-${id.toUpperCase()}.scope`, 'host')
  check(`/system.slice/docker-${id}.service`, 'host')
  check(`/system.slice/x-docker-${id}.scope`, 'host')
  check(`/docker/${id}.scope`, 'host')
  check(`/docker/${id}\n`, 'host')
  check(`/a:b:cri-containerd:${id}`, 'host')
  check('/kubepods/podx/y', 'host')
  check(`/kubepods/pod${uid}x/${id}`, `- ${id} -`)
  check('::::', 'host')
  check('/'.repeat(5000), 'host')
  check('\0'.repeat(9), 'host')
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
