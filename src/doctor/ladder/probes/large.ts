// Answers that do not fit a small datagram: lost as fragments, or cut with TCP closed.
import type { DomainName } from '../../../dns/message.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { dnsRung } from '../make-rung.ts'
import type { PlanOptions } from '../plan-options.ts'
import type { PlannedQuestion } from '../questions.ts'
import type { Hop } from '../rung.ts'
import { podHop } from '../upstream-uses.ts'
import type { Probe } from './probe.ts'

/** A response with as many A records passes 512 octets: 16 each, and the question. */
const MANY = 30
/** More than the MTU of any pod network: its response leaves in fragments when it is that long. */
const FRAGMENTED = 4096

/** The headless Service with most endpoints, where it has many: over UDP with a small and a large size, and over TCP. */
export const probeLarge: Probe = (facts, options) => {
  const name = largestName(facts)
  if (name === undefined) return []
  return targets(facts).flatMap(({ hop, address }) =>
    options.origins.flatMap((origin) =>
      questions(name, options).map(({ transport, question }) =>
        dnsRung(hop, origin, { address, port: 53 }, transport, question),
      ),
    ),
  )
}

function questions(
  name: DomainName,
  { expect }: PlanOptions,
): { readonly transport: 'tcp' | 'udp'; readonly question: PlannedQuestion }[] {
  const question = { purpose: 'large', name, type: 'A', expected: expect(name, 'A') } as const
  return [
    { transport: 'udp', question: { ...question, udpPayloadSize: FRAGMENTED, variant: `${FRAGMENTED}` } },
    { transport: 'udp', question: { ...question, udpPayloadSize: 1232, variant: '1232' } },
    { transport: 'tcp', question },
  ]
}

function targets(facts: ClusterFacts): { readonly hop: Hop; readonly address: string }[] {
  const { service, replicas } = facts.dns
  const address = service?.clusterIPs[0]
  const through: { hop: Hop; address: string }[] = []
  if (service !== undefined && address !== undefined) {
    const { meta } = service.service
    through.push({ hop: { kind: 'dns-service', name: `${meta.namespace}/${meta.name}` }, address })
  }
  const replica = replicas.find(({ ready, ips }) => ready && ips.length > 0)
  if (replica !== undefined) through.push({ hop: podHop('replica', replica.pod), address: replica.ips[0] ?? '' })
  return through
}

function largestName(facts: ClusterFacts): DomainName | undefined {
  const counts = new Map<string, number>()
  for (const slice of facts.objects.endpointSlices) {
    if (slice.addressType !== 'IPv4') continue
    const key = `${slice.service}.${slice.meta.namespace}`
    const ready = slice.endpoints.filter((endpoint) => endpoint.ready)
    counts.set(key, (counts.get(key) ?? 0) + ready.length)
  }
  const headless = facts.objects.services.filter(({ clusterIPs }) => clusterIPs.includes('None'))
  const [largest] = headless
    .map(({ meta }) => ({ meta, count: counts.get(`${meta.name}.${meta.namespace}`) ?? 0 }))
    .toSorted((a, b) => b.count - a.count)
  if (largest === undefined || largest.count < MANY) return undefined
  return `${largest.meta.name}.${largest.meta.namespace}.svc.${facts.dns.clusterDomain.value}.`
}
