/** Indices over objects that several rules of the catalogue ask. */
import type { Kind, KindMap } from './kinds.ts'
import type { Index } from './table.ts'

const byNamespace = <K extends Kind>(kind: K): Index<K> => ({
  kind,
  keys: ({ namespace }: KindMap[K]) => [namespace],
})

const byName = <K extends Kind>(kind: K): Index<K> => ({
  kind,
  keys: ({ name }: KindMap[K]) => [name],
})

export const podsByNode: Index<'Pod'> = {
  kind: 'Pod',
  keys: ({ nodeName }) => (nodeName === '' ? [] : [nodeName]),
}
export const podsByNamespace = byNamespace('Pod')
export const podsByName = byName('Pod')
export const accountsByNamespace = byNamespace('ServiceAccount')
export const accountsByName = byName('ServiceAccount')
export const secretsByNamespace = byNamespace('Secret')
export const secretsByName = byName('Secret')
