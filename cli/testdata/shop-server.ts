/** A server of the sample cluster in the process of a test, on an address of this machine. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { defaultSettings } from '@bulwark/graph'
import { inputJson, readClusterFiles, startServer } from '@bulwark/server'
import type { RoleAccess, RunningServer, ServerOptions } from '@bulwark/server'

export const shopFolder = join(import.meta.dirname, '../../tests/clusters/shop')

export const nobody: RoleAccess = { tokenFile: undefined, accounts: [] }

/**
 * Starts it; it ends with the test.
 *
 * @param more  what differs from a server that everybody may ask, and that has nothing to say
 */
export const serveShop = async (
  t: TestContext,
  more: Partial<ServerOptions> = {},
): Promise<RunningServer> => {
  const input = await readClusterFiles(shopFolder)
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0, isLoopback: true },
    tls: undefined,
    roles: { agent: nobody, reader: nobody },
    audience: '',
    access: undefined,
    feed: {
      sources: input.sources,
      input: () => inputJson(input, shopFolder),
      ages: () => new Map(),
      counts: new Map(),
      files: new Map(),
    },
    settings: { now: defaultSettings },
    tell: () => {},
    lost: () => [],
    log: (line) => assert.fail(line),
    ...more,
  })
  t.after(() => server.close())
  return server
}
