// The DNS Service selects the right pods and sends port 53 to a port where nothing listens in them.
import { parseKeys } from '../../../corefile/index.ts'
import type { ServerBlock } from '../../../corefile/index.ts'
import type { Service, ServicePort } from '../../../kube/objects/index.ts'
import type { DnsReplica, DnsServiceFact } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { clusterNameRungs } from '../service-support.ts'
import { askedRungs, failedIds, objectRef, qualifiedName, serviceRef } from '../support.ts'

export const DNS_PORT = 53

/**
 * Judges where the DNS Service's ports 53 lead.
 *
 * Proven by the Corefile, which names the ports that CoreDNS listens at, where CoreDNS is alone in its pods; suspected where
 * another container may listen there. Undefined where the ports agree, the Corefile was not seen, or an answer came that way.
 */
export function judgeTargetPorts(evidence: Evidence): Judgement | undefined {
  const { facts, ladder } = evidence
  const { service, replicas, corefile } = facts.dns
  const selected = replicas.filter((replica) => replica.selected)
  const [replica] = selected
  if (service === undefined || corefile === undefined || replica === undefined) return undefined
  const served = servedPorts(corefile.blocks, replica)
  if (served === undefined) return undefined
  const wrong = dnsPorts(service.service)
    .map((port) => ({ port, target: resolvePort(service, port, replica) }))
    .filter((one): one is WrongPort => one.target !== undefined && !served.includes(one.target))
    .filter(({ port }) => !answersThere(evidence, port.protocol))
  const [first] = wrong
  if (first === undefined) return undefined
  const name = qualifiedName(service.service)
  const protocols = wrong.map(({ port }) => port.protocol)
  const isAlone = selected.every(({ pod }) => pod.spec.containers.length === 1)
  const index = service.service.ports.indexOf(first.port)
  const { configMap } = corefile
  const finding = {
    subject: { kind: 'service', name } as const,
    objects: [
      serviceRef(service, `spec.ports[${index}].targetPort`),
      objectRef('ConfigMap', `${configMap.namespace}/${configMap.name}`, configMap.key),
    ],
    values: { service: name, protocols, target: first.target, served: served.map(String) },
    summary: 'wrong-port',
    evidence: [
      ...wrong.map(({ port, target }) =>
        line('stated', 'target-port', {
          service: name,
          port: port.port,
          protocol: port.protocol,
          target: String(port.targetPort ?? port.port),
          number: target,
        }),
      ),
      line('stated', 'listens', { configMap: `${configMap.namespace}/${configMap.name}`, served: served.map(String) }),
      ...observedAtPort(evidence, protocols),
    ],
    fix: {
      key: 'dns-service-selector-mismatch.port',
      values: { service: name, served: served.map(String) },
      command: wrong.map(({ port }) => patchPort(service.service, port, served[0] ?? DNS_PORT)).join('\n'),
    },
    isFault: true,
    explains: failedIds(ladder, (rung) => isBehindPort(rung, protocols)),
  }
  return isAlone
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('dns-service-selector-mismatch.missing-listener', { port: first.target })],
      }
}

interface WrongPort {
  readonly port: ServicePort
  readonly target: number
}

function dnsPorts({ ports }: Service): ServicePort[] {
  return ports.filter(({ port, protocol }) => port === DNS_PORT && (protocol === 'UDP' || protocol === 'TCP'))
}

/** Ports that CoreDNS speaks plain DNS at; undefined where a key cannot be read. */
function servedPorts(blocks: readonly ServerBlock[], { pod }: DnsReplica): number[] | undefined {
  const words = pod.spec.containers.flatMap(({ command, args }) => [...command, ...args])
  const flag = /(?:^| )--?(?:dns\.port|p)[= ](\d+)/.exec(words.join(' '))?.[1]
  try {
    const zones = blocks.flatMap((block) => parseKeys(block, flag === undefined ? DNS_PORT : Number(flag)))
    const ports = [...new Set(zones.filter(({ transport }) => transport === 'dns').map(({ port }) => port))]
    return ports.length === 0 ? undefined : ports
  } catch {
    // corefile-invalid says what is wrong with it.
    return undefined
  }
}

/** What the endpoints say, else the number that the target stands for in the pod. */
function resolvePort({ slices }: DnsServiceFact, port: ServicePort, { pod }: DnsReplica): number | undefined {
  const known = slices
    .flatMap(({ ports }) => ports)
    .find(({ name, protocol }) => name === port.name && protocol === port.protocol)
  if (known?.port !== undefined) return known.port
  const { targetPort = port.port } = port
  if (typeof targetPort === 'number') return targetPort
  return pod.spec.containers
    .flatMap(({ ports }) => ports)
    .find(({ name, protocol }) => name === targetPort && protocol === port.protocol)?.containerPort
}

/** Something answered through the Service: whatever the objects say, it listens. */
export function answersThere({ ladder }: Pick<Evidence, 'ladder'>, protocol: string): boolean {
  return askedRungs(ladder).some(
    ({ hop, transport, observed: seen }) =>
      hop.kind === 'dns-service' && transport === protocol.toLowerCase() && seen.kind === 'response',
  )
}

/** What came of questions over these protocols, at the Service and at a replica. */
export function observedAtPort({ ladder }: Pick<Evidence, 'ladder'>, protocols: readonly string[]): EvidenceLine[] {
  const own = askedRungs(ladder).filter(({ transport }) => protocols.includes(transport.toUpperCase()))
  const failing = own.filter(({ hop, observed: seen }) => hop.kind === 'dns-service' && seen.kind !== 'response')
  const answering = own.find(({ hop, observed: seen }) => hop.kind === 'replica' && seen.kind === 'response')
  return [
    ...(failing.length === 0
      ? []
      : [line('observed', 'port-fails', { count: failing.length, protocols: [...protocols] })]),
    ...(answering === undefined
      ? []
      : [
          line('observed', 'port-answers', {
            server: answering.hop.name,
            address: answering.to.address,
            port: answering.to.port,
            protocol: answering.transport.toUpperCase(),
          }),
        ]),
  ]
}

/** What passes the Service over these protocols. */
export function isBehindPort(rung: Rung, protocols: readonly string[]): boolean {
  if (rung.hop.kind === 'dns-service') return protocols.includes(rung.transport.toUpperCase())
  return clusterNameRungs(rung)
}

/** Ports are merged by their number, which both transports share: the list's place is the only key that tells them apart. */
function patchPort({ meta, ports }: Service, port: ServicePort, to: number): string {
  const at = `/spec/ports/${ports.indexOf(port)}`
  const patch = [
    { op: 'test', path: `${at}/protocol`, value: port.protocol },
    { op: 'add', path: `${at}/targetPort`, value: to },
  ]
  return `kubectl -n ${meta.namespace} patch service ${meta.name} --type=json -p '${JSON.stringify(patch)}'`
}
