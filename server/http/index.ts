/** The server's HTTP side. It brings fastify, pino and zod: load it only to serve. */
export type { Role, RoleAccess } from './guard.ts'
export type { Tls } from './renewed-tls.ts'
export type { Listen, RunningServer, ServerOptions } from './start.ts'
export { startHttp } from './start.ts'
