import type { FALSE_ALARM_CODES } from '../../../src/doctor/causes/false-alarm/codes.ts'
import { denyAt } from './faults.ts'
import { DNS_IP, REPLICAS, findObject, smallCluster } from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import type { Fixture, Rule } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

export const falseAlarm: GroupFixtures<(typeof FALSE_ALARM_CODES)[number]> = {
  'forward-metrics-renamed': {
    isObservation: true,
    has: () => ({ cluster: withDashboard('rate(coredns_forward_responses_total[5m])'), rules: [series('proxy')] }),
    nearMisses: [
      {
        title: 'the servers are old and still show it',
        make: () => ({
          cluster: withDashboard('rate(coredns_forward_request_duration_seconds_bucket[5m])'),
          rules: [series('forward', 'coredns_proxy_conn_cache_hits_total{to="10.0.0.2:53"} 1')],
        }),
      },
      {
        title: 'what the dashboard asks for was not renamed',
        make: () => ({
          cluster: withDashboard('coredns_forward_max_concurrent_rejects_total'),
          rules: [series('proxy')],
        }),
      },
      { title: 'nobody asks for it', make: () => ({ cluster: smallCluster(), rules: [series('proxy')] }) },
    ],
  },
  'coredns-metrics-unavailable': {
    isObservation: true,
    has: () => ({ cluster: withoutMetrics('') }),
    nearMisses: [
      { title: 'it shows them on another port', make: () => ({ cluster: withoutMetrics('    prometheus :9253\n') }) },
      {
        title: 'it shows them and nothing can be read there',
        make: (): Fixture => ({
          cluster: smallCluster(),
          rules: [({ transport, port }) => (transport === 'http' && port === 9153 ? 'refused' : undefined)],
        }),
      },
    ],
  },
  'dig-ignores-search-list': {
    isObservation: true,
    has: () => ({ cluster: smallCluster(), name: 'db.db' }),
    nearMisses: [
      {
        title: 'the name was given in full',
        make: () => ({ cluster: smallCluster(), name: 'db.db.svc.cluster.local.' }),
      },
      {
        title: 'the full name fails as well',
        make: () => ({
          cluster: smallCluster(),
          name: 'db.db',
          rules: [denyAt([DNS_IP, '169.254.20.10', ...Object.values(REPLICAS)], 'db.db.svc.cluster.local.')],
        }),
      },
    ],
  },
}

function withDashboard(expression: string): SmallCluster {
  const cluster = smallCluster()
  cluster.objects.push({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'dashboard-dns', labels: { grafana_dashboard: '1' } },
    data: { 'dns.json': JSON.stringify({ panels: [{ targets: [{ expr: expression }] }] }) },
  })
  return cluster
}

/** The Corefile with another line, or none, in the place of its `prometheus`. */
function withoutMetrics(instead: string): SmallCluster {
  const cluster = smallCluster()
  const map = findObject(cluster, 'ConfigMap', 'coredns')
  const { Corefile } = map['data'] as { readonly Corefile: string }
  map['data'] = { Corefile: Corefile.replace('    prometheus :9153\n', instead) }
  return cluster
}

/** Metrics of a server that names its upstreams' series the new way, or the old one. */
function series(family: 'forward' | 'proxy', more = ''): Rule {
  return ({ transport, name }) =>
    transport === 'http' && name === '/metrics'
      ? {
          status: 200,
          body: `coredns_build_info{version="1.11.1"} 1\ncoredns_${family}_request_duration_seconds_count{to="10.0.0.2:53"} 4\n${more}\n`,
        }
      : undefined
}
