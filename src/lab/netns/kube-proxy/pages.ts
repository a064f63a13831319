// What people ask kube-proxy over HTTP.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { listenInside } from '../namespace-sockets.ts'

const HEALTH_PORT = 10_256
const METRICS_PORT = 10_249

/** Serves a node's kube-proxy pages; the result ends that. */
export async function serveProxyPages(namespace: string, lastSyncMs: () => number): Promise<() => void> {
  const metrics = (): string =>
    [
      '# HELP kubeproxy_sync_proxy_rules_last_timestamp_seconds [ALPHA] The last time proxy rules were successfully synced',
      '# TYPE kubeproxy_sync_proxy_rules_last_timestamp_seconds gauge',
      `kubeproxy_sync_proxy_rules_last_timestamp_seconds ${lastSyncMs() / 1000}`,
      '',
    ].join('\n')
  const health = (): string =>
    JSON.stringify({ lastUpdated: new Date(lastSyncMs()).toISOString(), currentTime: new Date().toISOString() })
  const servers = [
    { address: '0.0.0.0', port: HEALTH_PORT, server: pageServer({ '/healthz': health }) },
    {
      address: '127.0.0.1',
      port: METRICS_PORT,
      server: pageServer({ '/proxyMode': () => 'iptables', '/metrics': metrics }),
    },
  ]
  for (const { address, port, server } of servers) await listenInside(namespace, { address, port }, server)
  return () => {
    for (const { server } of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
}

function pageServer(pages: Readonly<Record<string, () => string>>): Server {
  return createServer((request, response) => {
    const page = Object.hasOwn(pages, request.url ?? '') ? pages[request.url ?? ''] : undefined
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/plain' })
    response.end(page?.() ?? '404 page not found\n')
  })
}
