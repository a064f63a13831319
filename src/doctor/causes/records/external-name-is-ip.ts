// externalName is the target of a CNAME record: an address in it is no name, and CoreDNS gives none for it.
import { parseAddress } from '../../../dns/index.ts'
import type { Service } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, objectRef, qualifiedName, shellQuote } from '../support.ts'
import { explainsAskedName, shownName } from './asked-service.ts'
import { externalNameServices, serviceOfName } from './external-names.ts'

export const externalNameIsIp: Cause = {
  code: 'external-name-is-ip',
  needs: ['services'],
  judge(evidence) {
    const { facts, asked } = evidence
    const named = asked === undefined ? undefined : serviceOfName(facts, asked.name)
    const all = externalNameServices(facts)
    const services = asked === undefined ? all : all.filter((service) => service === named)
    const wrong = services.filter(holdsAddress)
    if (wrong.length > 0) return wrong.map((service) => judgeService(evidence, service))
    if (asked === undefined) return [excluded(line('stated', 'none', { count: all.length }))]
    const name = shownName(asked.name)
    const [service] = services
    const by =
      service === undefined
        ? line('observed', 'no-external-name', { name })
        : line('stated', 'is-name', { service: qualifiedName(service), target: service.externalName })
    return [excluded(by, { kind: 'name', name })]
  },
}

function holdsAddress({ externalName }: Service): boolean {
  return parseAddress(externalName) !== undefined
}

function judgeService(evidence: Evidence, service: Service): Judgement {
  const name = qualifiedName(service)
  const address = service.externalName
  const { asked } = evidence
  return {
    status: 'proven',
    subject: { kind: 'service', name },
    objects: [objectRef('Service', name, 'spec.externalName')],
    values: { service: name, address },
    evidence: [line('stated', 'address', { service: name, address }), line('computed', 'no-cname', { address })],
    fix: {
      key: 'external-name.endpoints',
      values: { service: name, address },
      command: `echo ${shellQuote(JSON.stringify(manifest(service)))} | kubectl apply -f -`,
    },
    isFault: asked !== undefined,
    explains: asked === undefined ? [] : explainsAskedName(evidence),
  }
}

/** A headless Service without selector, and the EndpointSlice that gives it the address. */
function manifest({ meta, ports, externalName }: Service): object {
  const { namespace, name } = meta
  const portFields = ports.map((port) => ({ name: port.name, port: port.port, protocol: port.protocol }))
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name, labels: { 'kubernetes.io/service-name': name } },
    addressType: externalName.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [externalName] }],
    ports: portFields,
  }
  const spec = { type: 'ClusterIP', clusterIP: 'None', externalName: null, ports: portFields }
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [{ apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec }, slice],
  }
}
