// The client that fits an upstream's scheme.
import type { ConnectUpstream, UpstreamClient, UpstreamSettings } from './client.ts'
import { HttpsClient } from './https-client.ts'
import { StreamClient } from './stream-client.ts'
import { UdpClient } from './udp-client.ts'

/** Connects to upstreams with this machine's sockets. */
export const connectUpstream: ConnectUpstream = (settings) => {
  switch (settings.scheme) {
    case 'dns':
      return createPlainClient(settings)
    case 'tls':
      return new StreamClient(settings)
    case 'https':
      return new HttpsClient(settings)
  }
}

/** Plain DNS: UDP and TCP side by side, each query says which. */
function createPlainClient(settings: UpstreamSettings): UpstreamClient {
  const udp = new UdpClient(settings)
  const tcp = new StreamClient(settings)
  return {
    exchange: (query, options) => (options.transport === 'udp' ? udp : tcp).exchange(query, options),
    close: async () => {
      await Promise.all([udp.close(), tcp.close()])
    },
  }
}
