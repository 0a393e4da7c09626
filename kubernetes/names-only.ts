/** Objects of which only the metadata is asked for: of secrets, what is in them never comes. */

const formOf = (kind: string): string => `application/json;as=${kind};g=meta.k8s.io;v=v1`

/** What their server calls all of them. */
export const namesKind = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' } as const

/** How they are asked for. No other form is accepted: a server that has not this one refuses. */
export const namesForms = {
  list: formOf(`${namesKind.kind}List`),
  watch: formOf(namesKind.kind),
} as const
