/** The way to the server's HTTP side for those who may never serve, as its libraries are large. */
import type { RunningServer, ServerOptions } from './http/index.ts'

/**
 * Starts a server.
 *
 * @throws Error  the address is taken, or is none of this machine; certificate or key are none
 */
export const startServer = async (options: ServerOptions): Promise<RunningServer> => {
  const { startHttp } = await import('./http/index.ts')
  return await startHttp(options)
}
