// CoreDNS shows no metrics: whoever looks at them sees nothing, which is not the same as nothing being wrong.
import { findHttpEndpoint } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { excluded, notChecked, objectRef, serviceRef } from '../support.ts'

export const corednsMetricsUnavailable: Cause = {
  code: 'coredns-metrics-unavailable',
  needs: ['config-maps'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts }: Evidence): Judgement {
  const { corefile, service, replicas } = facts.dns
  if (corefile === undefined || corefile.error !== undefined) return notChecked('not-checked.no-corefile')
  const { namespace, name } = corefile.configMap
  const map = `${namespace}/${name}`
  const found = findHttpEndpoint(corefile, 'metrics', '')
  if (found.kind === 'endpoint') return excluded(line('stated', 'shown', { map, port: found.port }))
  const { key, values } = found.why
  const listen = typeof values['listen'] === 'string' ? values['listen'] : ''
  return {
    status: 'proven',
    subject: { kind: 'config-map', name: map },
    objects: [
      objectRef('ConfigMap', map, corefile.configMap.key),
      ...(service === undefined ? [] : [serviceRef(service, 'spec.ports')]),
    ],
    values: { map },
    evidence: [
      key === 'skip.no-directive'
        ? line('stated', 'no-directive', { map })
        : line('stated', 'loopback-only', { map, listen }),
      portLine(service),
      line('computed', 'blind', { count: replicas.length }),
    ],
    fix: {
      key: 'coredns-metrics-unavailable',
      values: { map },
      command: `kubectl -n ${namespace} edit configmap ${name}   # prometheus :9153`,
    },
    isFault: false,
    explains: [],
  }
}

function portLine(dns: Evidence['facts']['dns']['service']): EvidenceLine {
  const ports = dns?.service.ports.map(({ name, port }) => (name === '' ? `${port}` : `${name} ${port}`)) ?? []
  return line('stated', 'ports', { ports: ports.length === 0 ? ['-'] : ports })
}
