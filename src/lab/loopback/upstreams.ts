// Resolvers outside the cluster: our own server with the description's Corefile, or silence.
import { startServer } from '../../server/index.ts'
import { dirname } from 'node:path'
import { PLUGINS } from '../../plugins/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { UpstreamDescription } from '../cluster/description.ts'
import { LogBuffer } from '../cluster/log-buffer.ts'
import { SilentEndpoint } from './silent-endpoint.ts'
import type { Origin, Switchboard } from './switchboard.ts'
import { folderFiles } from './virtual-files.ts'

const DNS_PORT = 53

export interface RunningUpstream {
  readonly address: string
  readonly log: LogBuffer
  stop(): Promise<void>
}

export interface UpstreamNetwork {
  readonly switchboard: Switchboard
  /** A loopback port that refuses. */
  readonly closedPort: Endpoint
  /** A loopback port that is silent. */
  readonly nowhere: Endpoint
}

/** Starts one upstream and puts its address into the switchboard. */
export async function startUpstream(
  upstream: UpstreamDescription,
  { switchboard, closedPort, nowhere }: UpstreamNetwork,
): Promise<RunningUpstream> {
  const { address } = upstream
  const origin: Origin = { node: address, address }
  const log = new LogBuffer(() => Date.now())
  if (upstream.kind === 'silent') {
    const silent = await SilentEndpoint.open()
    const unregister = switchboard.register(origin, { address, port: DNS_PORT }, silent.endpoint)
    return {
      address,
      log,
      stop: async () => {
        unregister()
        await silent.close()
      },
    }
  }
  const endings = [switchboard.registerAddress(address)]
  const server = await startServer({
    plugins: PLUGINS,
    corefile: { path: upstream.corefile },
    write: (text) => log.write(text.trimEnd()),
    files: folderFiles(dirname(upstream.corefile)),
    environment: {},
    network: {
      listenAt: () => ({ address: '127.0.0.1', port: 0 }),
      // An upstream of the lab has no upstreams beyond itself: it reaches its own ports and what else the lab runs.
      callTo: (endpoint) => {
        const reach = switchboard.resolve(origin, endpoint)
        if (reach.kind === 'port') return reach.endpoint
        return reach.kind === 'refused' ? closedPort : nowhere
      },
      bound: (wanted, actual) => {
        endings.push(switchboard.register(origin, wanted, actual))
      },
    },
  })
  return {
    address,
    log,
    stop: async () => {
      for (const end of endings) end()
      await server.stop({ atOnce: true })
    },
  }
}
