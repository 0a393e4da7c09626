/** The sample clusters hold together: what an object names is there, and no secret has data. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

interface Item {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly labels?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly { readonly kind: string; readonly uid: string }[]
  }
  readonly spec?: Readonly<Record<string, unknown>> & {
    readonly selector?: Readonly<Record<string, string>>
  }
  readonly endpoints?: readonly { readonly targetRef?: { readonly uid: string } }[]
  readonly roleRef?: { readonly kind: string; readonly name: string }
  readonly subjects?: readonly { kind: string; name: string; namespace?: string }[]
}

const itemsOf = (cluster: string): readonly Item[] => {
  const folder = join(import.meta.dirname, cluster)
  return readdirSync(folder).flatMap((file) => {
    if (!file.endsWith('.json')) return []
    const text = readFileSync(join(folder, file), 'utf8')
    // A list of known exploited vulnerabilities is no list of objects.
    return (JSON.parse(text) as { readonly items?: readonly Item[] }).items ?? []
  })
}

const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace ?? ''}/${name}`

for (const cluster of ['shop']) {
  const items = itemsOf(cluster)
  const keys = new Set(
    items.map(({ kind, metadata }) => keyOf(kind, metadata.namespace, metadata.name)),
  )
  const uids = new Map(items.map((item) => [item.metadata.uid, item]))
  const isThere = (kind: string, namespace: string | undefined, name: string): void => {
    assert.ok(keys.has(keyOf(kind, namespace, name)), keyOf(kind, namespace, name))
  }
  const ofKind = (kind: string): readonly Item[] => items.filter((item) => item.kind === kind)

  test(`${cluster}: each object is there once, in a namespace that is there`, () => {
    assert.equal(keys.size, items.length)
    assert.equal(uids.size, items.length)
    for (const { metadata } of items) {
      if (metadata.namespace !== undefined) isThere('Namespace', undefined, metadata.namespace)
    }
  })

  test(`${cluster}: owners, nodes and service accounts of pods are there`, () => {
    for (const { metadata, spec } of ofKind('Pod')) {
      isThere('Node', undefined, String(spec?.['nodeName']))
      isThere('ServiceAccount', metadata.namespace, String(spec?.['serviceAccountName']))
    }
    for (const { metadata } of items) {
      for (const { kind, uid } of metadata.ownerReferences ?? []) {
        assert.equal(uids.get(uid)?.kind, kind, metadata.name)
      }
    }
  })

  test(`${cluster}: slices name the pods that their service selects`, () => {
    const named = ofKind('EndpointSlice').flatMap(({ metadata, endpoints }) =>
      (endpoints ?? []).flatMap(({ targetRef }) =>
        targetRef ? [`${metadata.labels?.['kubernetes.io/service-name']} ${targetRef.uid}`] : [],
      ),
    )
    const selected = ofKind('Service').flatMap(({ metadata, spec }) =>
      ofKind('Pod')
        .filter(
          (pod) =>
            spec?.selector !== undefined &&
            pod.metadata.namespace === metadata.namespace &&
            Object.entries(spec.selector).every(([key, of]) => pod.metadata.labels?.[key] === of),
        )
        .map((pod) => `${metadata.name} ${pod.metadata.uid}`),
    )
    assert.deepEqual(named.toSorted(), selected.toSorted())
  })

  test(`${cluster}: roles and subjects of bindings are there`, () => {
    for (const { metadata, roleRef, subjects } of items.filter((item) => item.roleRef)) {
      const isRole = roleRef?.kind === 'Role'
      isThere(String(roleRef?.kind), isRole ? metadata.namespace : undefined, String(roleRef?.name))
      for (const { kind, name, namespace } of subjects ?? []) {
        if (kind === 'ServiceAccount') isThere(kind, namespace, name)
      }
    }
  })

  test(`${cluster}: no secret has data`, () => {
    for (const secret of ofKind('Secret')) {
      assert.deepEqual(Object.keys(secret).toSorted(), ['apiVersion', 'kind', 'metadata', 'type'])
    }
  })
}
