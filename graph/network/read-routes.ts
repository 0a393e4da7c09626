/** Ingresses, and the routes that proxies have of their own, from their objects. */
import type { Reading } from '../objects/metadata.ts'
import { readAnnotations } from '../objects/metadata.ts'
import type { Json, Reader } from '../objects/reader.ts'
import type { Backend, GatewayRef, IngressClass, IstioGateway, Mark, Route } from './route.ts'
import { readBalancer } from './service.ts'

const noRoute = {
  backends: [],
  guards: [],
  maybeGuards: [],
  inside: undefined,
  addresses: [],
  isPart: false,
} as const satisfies Partial<Route>

/** Annotations that put something in front, by what they put there; a value must be given. */
const guardAnnotations: ReadonlyMap<string, string> = new Map([
  ['nginx.ingress.kubernetes.io/auth-url', 'it asks an authentication service first'],
  ['nginx.ingress.kubernetes.io/auth-type', 'it asks for a password'],
  ['nginx.ingress.kubernetes.io/auth-tls-secret', 'it asks for a certificate of the client'],
  ['nginx.ingress.kubernetes.io/whitelist-source-range', 'it lets in some addresses alone'],
  ['nginx.ingress.kubernetes.io/allowlist-source-range', 'it lets in some addresses alone'],
  ['alb.ingress.kubernetes.io/auth-type', 'it asks an identity provider first'],
  ['alb.ingress.kubernetes.io/inbound-cidrs', 'it lets in some addresses alone'],
  ['haproxy.org/auth-type', 'it asks for a password'],
  ['haproxy.org/allow-list', 'it lets in some addresses alone'],
  ['haproxy.org/whitelist', 'it lets in some addresses alone'],
  ['haproxy-ingress.github.io/auth-url', 'it asks an authentication service first'],
  ['haproxy-ingress.github.io/allowlist-source-range', 'it lets in some addresses alone'],
  ['haproxy.router.openshift.io/ip_whitelist', 'it lets in some addresses alone'],
  ['haproxy.router.openshift.io/ip_allowlist', 'it lets in some addresses alone'],
])

const middlewares = 'traefik.ingress.kubernetes.io/router.middlewares'
const classAnnotation = 'kubernetes.io/ingress.class'

/** Annotations with a value that means that it is served inside. */
const insideAnnotations: ReadonlyMap<string, string> = new Map([
  ['alb.ingress.kubernetes.io/scheme', 'internal'],
  ['appgw.ingress.kubernetes.io/use-private-ip', 'true'],
  ['ingress.kubernetes.io/scheme', 'internal'],
  [classAnnotation, 'gce-internal'],
])

const defaultClass = 'ingressclass.kubernetes.io/is-default-class'

const wanted: ReadonlySet<string> = new Set([
  ...guardAnnotations.keys(),
  ...insideAnnotations.keys(),
  middlewares,
])

const none = /^(?:|none|false|0\.0\.0\.0\/0(?:,\s*::\/0)?|::\/0)$/

const at = (annotation: string): string => `metadata.annotations[${annotation}]`

/** What annotations say of a route. */
const readMarks = (
  json: Json,
  reading: Reading,
): Pick<Route, 'guards' | 'maybeGuards' | 'inside'> & { readonly className: string } => {
  const annotations = new Map(readAnnotations(json, reading, wanted))
  const guards = [...annotations].flatMap(([key, value]): readonly Mark[] => {
    const what = guardAnnotations.get(key)
    return what === undefined || none.test(value) ? [] : [{ text: what, path: at(key) }]
  })
  const inside = [...insideAnnotations].find(([key, value]) => annotations.get(key) === value)
  return {
    guards,
    maybeGuards: annotations.has(middlewares)
      ? [{ text: 'it has middlewares, which are not read', path: at(middlewares) }]
      : [],
    inside: inside && { text: `it is served inside (${inside[1]})`, path: at(inside[0]) },
    className: annotations.get(classAnnotation) ?? '',
  }
}

const readPortRef = (reader: Reader, from: Json | undefined, path: string): Backend['port'] =>
  reader.whole(from, 'number', path) ?? reader.name(from, 'name', path)

/** A port that is written as a number or as a name. */
const numberOrName = (value: unknown): Backend['port'] =>
  typeof value === 'number' || typeof value === 'string' ? value : undefined

export const readIngress = (json: Json, reading: Reading): Route => {
  const { reader, names } = reading
  const spec = reader.map(json, 'spec', '')
  const backends: Backend[] = []
  const take = (backend: Json | undefined, path: string): undefined => {
    const service = reader.map(backend, 'service', path)
    const name = reader.name(service, 'name', `${path}.service`)
    if (name === undefined) return undefined
    const port = readPortRef(reader, reader.map(service, 'port', path), `${path}.service.port`)
    backends.push({ namespace: names.namespace, service: name, port, path: `${path}.service` })
    return undefined
  }
  take(reader.map(spec, 'defaultBackend', 'spec'), 'spec.defaultBackend')
  reader.maps(spec, 'rules', 'spec', (rule, ruleAt) => {
    reader.maps(reader.map(rule, 'http', ruleAt), 'paths', `${ruleAt}.http`, (item, path) =>
      take(reader.map(item, 'backend', path), `${path}.backend`),
    )
    return undefined
  })
  const { className, ...marks } = readMarks(json, reading)
  const field = reader.name(spec, 'ingressClassName', 'spec')
  const balancer = reader.map(reader.map(json, 'status', ''), 'loadBalancer', 'status')
  return {
    ...names,
    ...noRoute,
    ...marks,
    via: {
      is: 'class',
      name: field ?? className,
      path: field === undefined ? at(classAnnotation) : 'spec.ingressClassName',
    },
    backends,
    addresses: readBalancer(reader, balancer, 'ingress', 'status.loadBalancer', ['ip', 'hostname']),
  }
}

export const readIngressClass = (json: Json, reading: Reading): IngressClass => {
  const { reader, names } = reading
  const spec = reader.map(json, 'spec', '')
  const annotations = readAnnotations(json, reading, new Set([defaultClass]))
  return {
    ...names,
    controller: reader.name(spec, 'controller', 'spec') ?? '',
    isDefault: annotations[0]?.[1] === 'true',
  }
}

/** A Route of OpenShift. */
export const readOpenShiftRoute = (json: Json, reading: Reading): Route => {
  const { reader, names } = reading
  const spec = reader.map(json, 'spec', '')
  const port = numberOrName(reader.map(spec, 'port', 'spec')?.['targetPort'])
  const backendOf = (item: Json, path: string): Backend | undefined => {
    const service = reader.name(item, 'name', path)
    return service === undefined ? undefined : { namespace: names.namespace, service, port, path }
  }
  const to = reader.map(spec, 'to', 'spec')
  const first = to && backendOf(to, 'spec.to')
  const { className: _, ...marks } = readMarks(json, reading)
  return {
    ...names,
    ...noRoute,
    ...marks,
    via: { is: 'controller', controller: 'openshift.io/ingress-to-route' },
    backends: [
      ...(first ? [first] : []),
      ...reader.maps(spec, 'alternateBackends', 'spec', backendOf),
    ],
    addresses: readBalancer(reader, reader.map(json, 'status', ''), 'ingress', 'status', [
      'routerCanonicalHostname',
    ]),
  }
}

/** Contour's HTTPProxy. */
export const readHttpProxy = (json: Json, reading: Reading): Route => {
  const { reader, names } = reading
  const spec = reader.map(json, 'spec', '')
  const host = reader.map(spec, 'virtualhost', 'spec')
  const backendsOf = (from: Json | undefined, path: string): readonly Backend[] =>
    reader.maps(from, 'services', path, (item, itemAt) => {
      const service = reader.name(item, 'name', itemAt)
      if (service === undefined) return undefined
      const port = reader.whole(item, 'port', itemAt)
      return { namespace: names.namespace, service, port, path: itemAt }
    })
  const tls = reader.map(host, 'tls', 'spec.virtualhost')
  const guards: Mark[] = []
  if (host?.['authorization'] !== undefined) {
    const path = 'spec.virtualhost.authorization'
    guards.push({ text: 'it asks an authentication service first', path })
  }
  if (tls?.['clientValidation'] !== undefined) {
    const path = 'spec.virtualhost.tls.clientValidation'
    guards.push({ text: 'it asks for a certificate of the client', path })
  }
  if (host?.['ipAllowPolicy'] !== undefined) {
    guards.push({ text: 'it lets in some addresses alone', path: 'spec.virtualhost.ipAllowPolicy' })
  }
  const className = reader.name(spec, 'ingressClassName', 'spec')
  return {
    ...names,
    ...noRoute,
    via:
      className === undefined
        ? { is: 'controller', controller: 'projectcontour.io/contour' }
        : { is: 'class', name: className, path: 'spec.ingressClassName' },
    backends: [
      ...reader.maps(spec, 'routes', 'spec', backendsOf).flat(),
      ...backendsOf(reader.map(spec, 'tcpproxy', 'spec'), 'spec.tcpproxy'),
    ],
    guards,
    isPart: host === undefined,
  }
}

/** Traefik's IngressRoute, also of TCP and UDP. */
export const readIngressRoute = (json: Json, { reader, names }: Reading): Route => {
  const spec = reader.map(json, 'spec', '')
  const maybeGuards: Mark[] = []
  const backends = reader.maps(spec, 'routes', 'spec', (route, routeAt) => {
    if (reader.list(route, 'middlewares', routeAt).length > 0) {
      const path = `${routeAt}.middlewares`
      maybeGuards.push({ text: 'it has middlewares, which are not read', path })
    }
    return reader.maps(route, 'services', routeAt, (item, path): Backend | undefined => {
      const service = reader.name(item, 'name', path)
      if (service === undefined || (item['kind'] ?? 'Service') !== 'Service') return undefined
      const namespace = reader.name(item, 'namespace', path) ?? names.namespace
      return { namespace, service, port: numberOrName(item['port']), path }
    })
  })
  return {
    ...names,
    ...noRoute,
    via: { is: 'controller', controller: 'traefik.io/ingress-controller' },
    backends: backends.flat(),
    maybeGuards,
  }
}

// --- Istio ---------------------------------------------------------------------------------------

export const readIstioGateway = (json: Json, { reader, names }: Reading): IstioGateway => {
  const spec = reader.map(json, 'spec', '')
  const modes = reader.maps(
    spec,
    'servers',
    'spec',
    (item, path) => reader.name(reader.map(item, 'tls', path), 'mode', `${path}.tls`) ?? '',
  )
  const isMutual = modes.length > 0 && modes.every((mode) => /^(?:OPTIONAL_)?MUTUAL$/.test(mode))
  return {
    ...names,
    selector: reader.labels(spec, 'selector', 'spec'),
    guard:
      isMutual && !modes.includes('OPTIONAL_MUTUAL')
        ? { text: 'it asks for a certificate of the client', path: 'spec.servers' }
        : undefined,
  }
}

/** `web`, `web.shop`, `web.shop.svc.cluster.local`: a service and its namespace. */
const serviceOfHost = (host: string, own: string): readonly [namespace: string, name: string] => {
  const [name = '', namespace = own] = host.split('.')
  return [namespace, name]
}

export const readVirtualService = (json: Json, { reader, names }: Reading): Route => {
  const spec = reader.map(json, 'spec', '')
  const gateways = reader.texts(spec, 'gateways', 'spec').flatMap((text, index): GatewayRef[] => {
    if (text === 'mesh') return []
    const slash = text.indexOf('/')
    const of = slash === -1 ? names.namespace : text.slice(0, slash)
    return [
      {
        kind: 'IstioGateway',
        namespace: of,
        name: text.slice(slash + 1),
        listener: '',
        isAccepted: undefined,
        path: `spec.gateways[${index}]`,
      },
    ]
  })
  const backends = ['http', 'tls', 'tcp'].flatMap((key) =>
    reader
      .maps(spec, key, 'spec', (rule, ruleAt) =>
        reader.maps(rule, 'route', ruleAt, (item, itemAt): Backend | undefined => {
          const destination = reader.map(item, 'destination', itemAt)
          const path = `${itemAt}.destination`
          const host = reader.name(destination, 'host', path)
          if (host === undefined) return undefined
          const [namespace, service] = serviceOfHost(host, names.namespace)
          const port = reader.whole(reader.map(destination, 'port', path), 'number', path)
          return { namespace, service, port, path }
        }),
      )
      .flat(),
  )
  return { ...names, ...noRoute, via: { is: 'gateways', gateways }, backends }
}
