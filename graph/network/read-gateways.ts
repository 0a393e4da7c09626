/** The Gateway API, from its objects. */
import type { Reading } from '../objects/metadata.ts'
import type { Json, Reader } from '../objects/reader.ts'
import type { Backend, Gateway, GatewayRef, Listener, ReferenceGrant, Route } from './route.ts'
import { readBalancer } from './service.ts'

const readFrom = (reader: Reader, item: Json, at: string): Listener['from'] => {
  const allowed = reader.map(item, 'allowedRoutes', at)
  const namespaces = reader.map(allowed, 'namespaces', `${at}.allowedRoutes`)
  const path = `${at}.allowedRoutes.namespaces`
  const from = reader.name(namespaces, 'from', path)
  if (from === 'All') return 'All'
  if (from !== 'Selector') return 'Same'
  const selector = reader.selector(namespaces, 'selector', path)
  return selector === undefined || selector === 'broken' ? 'Same' : selector
}

export const readGateway = (json: Json, { reader, names }: Reading): Gateway => {
  const spec = reader.map(json, 'spec', '')
  return {
    ...names,
    className: reader.name(spec, 'gatewayClassName', 'spec') ?? '',
    addresses: readBalancer(reader, reader.map(json, 'status', ''), 'addresses', 'status', [
      'value',
    ]),
    listeners: reader.maps(spec, 'listeners', 'spec', (item, at): Listener => {
      const tls = reader.map(item, 'tls', at)
      const isMutual = tls?.['frontendValidation'] !== undefined
      const path = `${at}.tls.frontendValidation`
      return {
        name: reader.name(item, 'name', at) ?? '',
        from: readFrom(reader, item, at),
        guard: isMutual ? { text: 'it asks for a certificate of the client', path } : undefined,
      }
    }),
  }
}

/** What the status says of one parent: whether it is accepted, when it says so. */
const readAccepted = (reader: Reader, json: Json): ReadonlyMap<string, boolean> => {
  const accepted = new Map<string, boolean>()
  reader.maps(reader.map(json, 'status', ''), 'parents', 'status', (item, at) => {
    const parent = reader.map(item, 'parentRef', at)
    const name = reader.name(parent, 'name', at)
    if (name === undefined) return undefined
    const key = `${reader.name(parent, 'namespace', at) ?? ''}/${name}`
    reader.maps(item, 'conditions', at, (condition) => {
      if (condition['type'] !== 'Accepted') return undefined
      accepted.set(key, accepted.get(key) === true || condition['status'] === 'True')
      return undefined
    })
    return undefined
  })
  return accepted
}

export const readGatewayRoute = (json: Json, { reader, names }: Reading): Route => {
  const spec = reader.map(json, 'spec', '')
  const accepted = readAccepted(reader, json)
  const gateways = reader.maps(spec, 'parentRefs', 'spec', (item, path): GatewayRef | undefined => {
    const name = reader.name(item, 'name', path)
    if (name === undefined || (item['kind'] ?? 'Gateway') !== 'Gateway') return undefined
    const written = reader.name(item, 'namespace', path)
    return {
      kind: 'Gateway',
      namespace: written ?? names.namespace,
      name,
      listener: reader.name(item, 'sectionName', path) ?? '',
      isAccepted:
        accepted.get(`${written ?? ''}/${name}`) ?? accepted.get(`${names.namespace}/${name}`),
      path,
    }
  })
  const backends = reader.maps(spec, 'rules', 'spec', (rule, ruleAt) =>
    reader.maps(rule, 'backendRefs', ruleAt, (item, path): Backend | undefined => {
      const service = reader.name(item, 'name', path)
      if (service === undefined || (item['kind'] ?? 'Service') !== 'Service') return undefined
      const namespace = reader.name(item, 'namespace', path) ?? names.namespace
      return { namespace, service, port: reader.whole(item, 'port', path), path }
    }),
  )
  return {
    ...names,
    via: { is: 'gateways', gateways },
    backends: backends.flat(),
    guards: [],
    maybeGuards: [],
    inside: undefined,
    addresses: [],
    isPart: false,
  }
}

export const readReferenceGrant = (json: Json, { reader, names }: Reading): ReferenceGrant => {
  const spec = reader.map(json, 'spec', '')
  const to = reader.maps(spec, 'to', 'spec', (item, at) =>
    item['kind'] === 'Service' ? (reader.name(item, 'name', at) ?? '') : undefined,
  )
  return {
    ...names,
    from: reader.maps(spec, 'from', 'spec', (item, at) => {
      const kind = reader.name(item, 'kind', at)
      const namespace = reader.name(item, 'namespace', at)
      return kind === undefined || namespace === undefined ? undefined : { kind, namespace }
    }),
    to,
  }
}
