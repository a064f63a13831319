// node-cache's own metrics, where a node cache fails: did it set up its interface and rules?
import type { NodeCacheFact } from '../../facts/index.ts'
import type { HttpEndpoint } from '../http-endpoints.ts'
import { phrase } from '../phrase.ts'
import { httpRung } from '../make-rung.ts'
import { podHop } from '../upstream-uses.ts'
import type { FollowUp } from './follow-up.ts'

/** node-cache's default for `-metrics-listen-address`. */
const DEFAULT_LISTEN = '0.0.0.0:9353'

export const planSetupMetrics: FollowUp = ({ facts, rungs, options }) => {
  const failing = new Set(
    rungs.filter(({ hop, result }) => hop.kind === 'node-cache' && result === 'failed').map(({ fromNode }) => fromNode),
  )
  return facts.dns.nodeCaches.flatMap((cache) =>
    cache.pods.flatMap(({ pod, node, ips }) => {
      const origin = options.origins.find((one) => one.node === node && one.place.kind !== 'pod')
      if (origin === undefined || !failing.has(node)) return []
      return [httpRung(podHop('node-cache', pod), origin, 'setup', endpointOf(cache, ips[0] ?? ''))]
    }),
  )
}

function endpointOf({ flags }: NodeCacheFact, address: string): HttpEndpoint {
  const listen = flags['metrics-listen-address'] ?? DEFAULT_LISTEN
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(listen) ?? []
  const directive = 'metrics-listen-address'
  if (port === '' || /^(localhost|127\..*|\[::1\])$/.test(host)) {
    return { kind: 'none', why: phrase('skip.loopback-only', { directive, listen }) }
  }
  const isAny = host === '' || host === '0.0.0.0' || host === '[::]'
  return {
    kind: 'endpoint',
    address: isAny ? address : host.replaceAll(/[[\]]/g, ''),
    port: Number(port),
    path: '/metrics',
  }
}
