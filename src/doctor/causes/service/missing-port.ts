// The DNS Service has no port 53 for a transport: what is sent there leads nowhere, whatever stands behind the Service.
import type { Service, ServicePort } from '../../../kube/objects/index.ts'
import type { Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { failedIds, qualifiedName, serviceRef } from '../support.ts'
import { DNS_PORT, answersThere, isBehindPort, observedAtPort } from './wrong-target-port.ts'

/** Judges whether the DNS Service has port 53 for UDP and TCP; undefined where it has both, or an answer came that way. */
export function judgeMissingPorts(evidence: Evidence): Judgement | undefined {
  const { facts, ladder } = evidence
  const { service } = facts.dns
  if (service === undefined) return undefined
  const { ports } = service.service
  const protocols = (['UDP', 'TCP'] as const).filter(
    (protocol) =>
      !ports.some((port) => port.port === DNS_PORT && port.protocol === protocol) && !answersThere(evidence, protocol),
  )
  if (protocols.length === 0) return undefined
  const name = qualifiedName(service.service)
  const address = service.clusterIPs.join(', ')
  return {
    status: 'proven',
    subject: { kind: 'service', name },
    objects: [serviceRef(service, 'spec.ports')],
    values: { service: name, address, protocols },
    summary: 'no-port',
    evidence: [
      line('stated', 'ports', { service: name, ports: ports.map(formatPort) }),
      ...observedAtPort(evidence, protocols),
    ],
    fix: {
      key: 'dns-service-selector-mismatch.no-port',
      values: { service: name, protocols },
      command: protocols.map((protocol) => addPort(service.service, protocol)).join('\n'),
    },
    // Clusters live without TCP until a response is long; without UDP none does.
    isFault: protocols.includes('UDP'),
    explains: failedIds(ladder, (rung) => isBehindPort(rung, protocols)),
  }
}

function formatPort({ name, port, protocol }: ServicePort): string {
  return `${name === '' ? '' : `${name} `}${port}/${protocol}`
}

/** Moves the port that was meant, by its name or because it leads to port 53 of the pods; else adds one. */
function addPort({ meta, ports }: Service, protocol: 'TCP' | 'UDP'): string {
  const isMeant = ({ name, port, protocol: own, targetPort = port }: ServicePort): boolean =>
    own === protocol && port !== DNS_PORT && (name.startsWith('dns') || targetPort === DNS_PORT)
  const at = ports.findIndex(isMeant)
  const added = { name: protocol === 'UDP' ? 'dns' : 'dns-tcp', port: DNS_PORT, protocol, targetPort: DNS_PORT }
  const patch =
    at < 0
      ? [{ op: 'add', path: '/spec/ports/-', value: added }]
      : [
          { op: 'test', path: `/spec/ports/${at}/protocol`, value: protocol },
          { op: 'replace', path: `/spec/ports/${at}/port`, value: DNS_PORT },
        ]
  return `kubectl -n ${meta.namespace} patch service ${meta.name} --type=json -p '${JSON.stringify(patch)}'`
}
