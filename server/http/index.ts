/** The server's HTTP side. It brings fastify, pino and zod: load it only to serve. */
export type { Tls } from './app.ts'
export type { Role, RoleAccess } from './guard.ts'
export type { Listen, RunningServer, ServerOptions } from './start.ts'
export { startHttp } from './start.ts'
