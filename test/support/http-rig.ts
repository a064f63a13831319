// A server whose HTTP endpoints a test can ask, each on a free port of loopback.
import { get } from 'node:http'
import type { Endpoint } from '../../src/net/exchange-result.ts'
import type { PluginRegistry, ServerOptions } from '../../src/server/index.ts'
import { startRig } from './server-rig.ts'
import type { ServerRig } from './server-rig.ts'

export interface HttpRig extends ServerRig {
  /** Status and body of a GET at a port of the Corefile: `200 OK`. */
  readonly fetch: (port: number, path: string) => Promise<string>
}

/** Starts a server; stop it with `rig.server.stop()`. */
export async function startHttpRig(
  corefile: string | (() => string),
  options: Partial<ServerOptions> & { readonly plugins: PluginRegistry },
): Promise<HttpRig> {
  const bound = new Map<number, Endpoint>()
  const rig = await startRig(corefile, {
    network: {
      listenAt: () => ({ address: '127.0.0.1', port: 0 }),
      callTo: (endpoint) => endpoint,
      bound: (wanted, actual) => bound.set(wanted.port, actual),
    },
    ...options,
  })
  return {
    ...rig,
    fetch: async (port, path) => {
      const at = bound.get(port)
      return new Promise((resolve, reject) => {
        get({ host: at?.address, port: at?.port, path, agent: false }, (response) => {
          let body = ''
          response.on('data', (part: Buffer) => (body += part.toString()))
          response.on('end', () => resolve(`${response.statusCode} ${body}`))
        }).on('error', reject)
      })
    },
  }
}
