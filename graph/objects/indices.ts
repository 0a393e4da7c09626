/** Indices over objects that several rules of the catalogue ask. */
import type { Index } from './table.ts'

export const podsByNode: Index<'Pod'> = {
  kind: 'Pod',
  keys: ({ nodeName }) => (nodeName === '' ? [] : [nodeName]),
}

export const podsByNamespace: Index<'Pod'> = {
  kind: 'Pod',
  keys: ({ namespace }) => [namespace],
}

export const accountsByNamespace: Index<'ServiceAccount'> = {
  kind: 'ServiceAccount',
  keys: ({ namespace }) => [namespace],
}
