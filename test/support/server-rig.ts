// A real server on loopback for tests: a Corefile, plugins, ports that the system chooses.
import { query } from '../../src/dns/index.ts'
import type { Message, QueryFields } from '../../src/dns/index.ts'
import { exchange } from '../../src/net/index.ts'
import type { Endpoint } from '../../src/net/exchange-result.ts'
import { startServer } from '../../src/server/index.ts'
import type { PluginRegistry, Server, ServerOptions } from '../../src/server/index.ts'

/** A running server and what a test asks it. */
export interface ServerRig {
  readonly server: Server
  /** Everything written so far. */
  readonly output: () => string
  /** Real address of a listener by its label, `dns://:53`; of the first without one. */
  readonly endpoint: (label?: string) => Endpoint
  /** Rejects when there is no response within 5 s. */
  readonly ask: (fields: QueryFields, options?: AskOptions) => Promise<Message>
}

export interface AskOptions {
  readonly transport?: 'tcp' | 'udp'
  /** Label of the listener. */
  readonly label?: string
}

/** Starts a server whose listeners are moved to free ports of 127.0.0.1; stop it with `rig.server.stop()`. */
export async function startRig(
  corefile: string | (() => string),
  options: Partial<ServerOptions> & { readonly plugins: PluginRegistry },
): Promise<ServerRig> {
  let text = ''
  const server = await startServer({
    corefile: { text: corefile },
    write: (more) => {
      text += more
    },
    network: {
      listenAt: () => ({ address: '127.0.0.1', port: 0 }),
      callTo: (endpoint) => endpoint,
    },
    environment: {},
    ...options,
  })
  function endpoint(label?: string): Endpoint {
    const found = server.listeners().find(({ transport, wanted: { address, port } }) => {
      return label === undefined || label === `${transport}://${address === '::' ? '' : address}:${port}`
    })
    if (found === undefined) throw new Error(`no listener ${label ?? ''}`)
    return found.actual
  }
  return {
    server,
    output: () => text,
    endpoint,
    async ask(fields, { transport = 'udp', label } = {}) {
      const result = await exchange({ server: endpoint(label), message: query(fields), transport, timeoutMs: 5000 })
      if (result.kind !== 'response') throw new Error(`${fields.name}: ${result.kind}`)
      return result.message
    },
  }
}
