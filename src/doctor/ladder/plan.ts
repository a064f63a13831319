// Which questions are put to which server from which place. Facts in, rungs out: nothing is asked here.
import type { ClusterFacts } from '../facts/index.ts'
import type { Endpoint, Transport } from '../../net/exchange-result.ts'
import { formatEquivalent } from './equivalent.ts'
import { findHttpEndpoint } from './http-endpoints.ts'
import type { HttpEndpoint, HttpPurpose } from './http-endpoints.ts'
import { phrase } from './phrase.ts'
import type { Origin, PlanOptions, PlannedRung } from './plan-options.ts'
import { askedQuestion, canaryQuestion, externalQuestion, versionQuestion } from './questions.ts'
import type { PlannedQuestion } from './questions.ts'
import { formatPlace } from './rung.ts'
import type { Hop } from './rung.ts'
import { listUpstreamUses, podHop } from './upstream-uses.ts'
import type { UpstreamUse } from './upstream-uses.ts'

const TRANSPORTS = ['udp', 'tcp'] as const
const DNS_PORT = 53

/** Plans every rung for what the facts know; the order is the way a query takes, from the pod outwards. */
export function planLadder(facts: ClusterFacts, options: PlanOptions): PlannedRung[] {
  return [
    ...planNodeCaches(facts, options),
    ...planService(facts, options),
    ...planReplicas(facts, options),
    ...planUpstreams(facts, options),
  ]
}

// --- Hops ---

function planService(facts: ClusterFacts, options: PlanOptions): PlannedRung[] {
  const { service } = facts.dns
  if (service === undefined) return []
  const { meta } = service.service
  const hop: Hop = { kind: 'dns-service', name: `${meta.namespace}/${meta.name}` }
  const questions = allQuestions(facts, options)
  return service.clusterIPs.flatMap((address) =>
    options.origins.flatMap((origin) => dnsRungs(hop, origin, { address, port: DNS_PORT }, questions)),
  )
}

function planNodeCaches(facts: ClusterFacts, options: PlanOptions): PlannedRung[] {
  const questions = allQuestions(facts, options)
  return facts.dns.nodeCaches.flatMap((cache) => {
    const serviceIPs = new Set(facts.dns.service?.clusterIPs)
    const linkLocal = cache.localIPs.filter((address) => !serviceIPs.has(address))
    const addresses = linkLocal.length > 0 ? linkLocal : cache.localIPs
    return options.origins
      .filter((origin) => origin.node !== undefined)
      .flatMap((origin) => {
        const pod = cache.pods.find(({ node }) => node === origin.node)
        const hop: Hop =
          pod === undefined
            ? { kind: 'node-cache', name: `${cache.namespace}/${cache.name}`, node: origin.node ?? '' }
            : podHop('node-cache', pod.pod)
        const dns = addresses.flatMap((address) => dnsRungs(hop, origin, { address, port: DNS_PORT }, questions))
        const http =
          pod === undefined
            ? []
            : (['health', 'metrics'] as const).map((purpose) =>
                httpRung(hop, origin, purpose, findHttpEndpoint(cache.corefile, purpose, pod.ips[0] ?? '')),
              )
        return [...dns, ...http]
      })
  })
}

function planReplicas(facts: ClusterFacts, options: PlanOptions): PlannedRung[] {
  const [canary, ...others] = allQuestions(facts, options)
  if (canary === undefined) return []
  return facts.dns.replicas.flatMap((replica): PlannedRung[] => {
    const hop = podHop('replica', replica.pod)
    const nearest = options.origins.find(({ node }) => node === replica.node) ?? options.origins[0]
    if (nearest === undefined) return []
    const address = replica.ips[0]
    if (address === undefined) {
      const skip = { why: phrase('skip.no-address', { phase: replica.pod.phase }) }
      const to = { address: '', port: DNS_PORT }
      return [{ ...dnsRung(hop, nearest, to, 'udp', canary), skip }]
    }
    const to = { address, port: DNS_PORT }
    return [
      ...options.origins.flatMap((origin) =>
        dnsRungs(hop, origin, to, origin === nearest ? [canary, ...others] : [canary]),
      ),
      ...(['health', 'ready', 'metrics'] as const).map((purpose) =>
        httpRung(hop, nearest, purpose, findHttpEndpoint(facts.dns.corefile, purpose, address)),
      ),
    ]
  })
}

function planUpstreams(facts: ClusterFacts, options: PlanOptions): PlannedRung[] {
  const external = externalQuestion(options)
  const asked = options.asked?.inCluster === false ? askedQuestion(options) : undefined
  const seen = new Set<string>()
  return listUpstreamUses(facts).flatMap((use) => {
    const origin = options.origins.find(({ node }) => node === use.node)
    const key = `${use.node} ${use.address} ${use.port}`
    if (origin === undefined || seen.has(key)) return []
    seen.add(key)
    const questions = asked === undefined ? [external] : [external, asked]
    const hop: Hop = { kind: 'upstream', name: use.address }
    const rungs = dnsRungs(hop, origin, { address: use.address, port: use.port }, questions)
    const skip = skipUpstream(use)
    return skip === undefined ? rungs : rungs.map((rung) => ({ ...rung, skip }))
  })
}

/** An upstream that no pod ever got, or that speaks no plain DNS, is not asked. */
function skipUpstream(use: UpstreamUse): PlannedRung['skip'] {
  if (!use.inEffect) return { why: phrase('skip.cut-off', { position: use.position, count: use.count }) }
  if (use.scheme !== 'dns') return { why: phrase('skip.other-protocol', { protocol: use.scheme }) }
  return undefined
}

function allQuestions(facts: ClusterFacts, options: PlanOptions): PlannedQuestion[] {
  const asked = askedQuestion(options)
  const always = [canaryQuestion(facts, options), versionQuestion(facts, options), externalQuestion(options)]
  return asked === undefined ? always : [...always, asked]
}

// --- Rungs ---

/** The same questions over UDP and over TCP. */
function dnsRungs(hop: Hop, origin: Origin, to: Endpoint, questions: readonly PlannedQuestion[]): PlannedRung[] {
  return TRANSPORTS.flatMap((transport) => questions.map((question) => dnsRung(hop, origin, to, transport, question)))
}

/** One question over one transport. */
export function dnsRung(
  hop: Hop,
  origin: Origin,
  to: Endpoint,
  transport: Transport,
  { purpose, name, type, expected }: PlannedQuestion,
): PlannedRung {
  const question = { kind: 'dns' as const, name, type }
  const family = hop.kind === 'dns-service' && to.address.includes(':') ? `/${to.address}` : ''
  return {
    id: `${hop.kind}/${hop.name}${family}/from/${formatPlace(origin.place)}/${transport}/${purpose}/${type}`,
    hop,
    from: origin.place,
    ...(origin.node === undefined ? {} : { fromNode: origin.node }),
    to,
    transport,
    purpose,
    question,
    expected,
    timeoutsMs: timeoutsOf(hop, transport, purpose),
    equivalent: formatEquivalent(question, to, transport),
    ...(origin.skip === undefined ? {} : { skip: origin.skip }),
  }
}

/** One HTTP request. */
export function httpRung(hop: Hop, origin: Origin, purpose: HttpPurpose, endpoint: HttpEndpoint): PlannedRung {
  const found = endpoint.kind === 'endpoint'
  const to = found ? { address: endpoint.address, port: endpoint.port } : { address: '', port: 0 }
  const question = { kind: 'http' as const, path: found ? endpoint.path : `/${purpose}` }
  return {
    id: `${hop.kind}/${hop.name}/from/${formatPlace(origin.place)}/http/${purpose}`,
    hop,
    from: origin.place,
    ...(origin.node === undefined ? {} : { fromNode: origin.node }),
    to,
    transport: 'http',
    purpose,
    question,
    expected: { kind: 'status', status: 200 },
    timeoutsMs: [3000],
    equivalent: found ? formatEquivalent(question, to, 'http') : '',
    ...(found ? (origin.skip === undefined ? {} : { skip: origin.skip }) : { skip: { why: endpoint.why } }),
  }
}

/**
 * How long each attempt waits. A server that has to ask a dead upstream first answers after 2 s (CoreDNS's read timeout),
 * so the attempts that go through one wait longer than that.
 */
function timeoutsOf(hop: Hop, transport: Transport, purpose: PlannedQuestion['purpose']): number[] {
  const isForwarded = hop.kind !== 'upstream' && (purpose === 'external' || purpose === 'asked')
  if (isForwarded) return transport === 'udp' ? [2600, 2400] : [5000]
  return transport === 'udp' ? [1000, 1500] : [2500]
}
