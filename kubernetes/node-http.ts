/**
 * node:http and node:https for those who post or ask, and what is below them. Not by `import`,
 * which reads every name that a module exports: those of `node:http` bring all of `fetch` with
 * them, at every start and in memory for good. And not before something is sent.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export const http = (): typeof import('node:http') =>
  require('node:http') as typeof import('node:http')
export const https = (): typeof import('node:https') =>
  require('node:https') as typeof import('node:https')
export const net = (): typeof import('node:net') => require('node:net') as typeof import('node:net')
export const tls = (): typeof import('node:tls') => require('node:tls') as typeof import('node:tls')
