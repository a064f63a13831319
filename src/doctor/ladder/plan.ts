// Which questions are put to which server from which place. Facts in, rungs out: nothing is asked here.
import type { ClusterFacts } from '../facts/index.ts'
import { findHttpEndpoint } from './http-endpoints.ts'
import { dnsRung, dnsRungs, httpRung } from './make-rung.ts'
import { PROBES } from './probes/index.ts'
import { phrase } from './phrase.ts'
import type { PlanOptions, PlannedRung } from './plan-options.ts'
import { askedQuestion, canaryQuestion, externalQuestion, versionQuestion } from './questions.ts'
import type { PlannedQuestion } from './questions.ts'
import type { Hop } from './rung.ts'
import { listUpstreamUses, podHop } from './upstream-uses.ts'
import type { UpstreamUse } from './upstream-uses.ts'

const DNS_PORT = 53

/** Plans every rung for what the facts know; the order is the way a query takes, from the pod outwards. */
export function planLadder(facts: ClusterFacts, options: PlanOptions): PlannedRung[] {
  return [
    ...planNodeCaches(facts, options),
    ...planService(facts, options),
    ...planReplicas(facts, options),
    ...planUpstreams(facts, options),
    ...PROBES.flatMap((probe) => probe(facts, options)),
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
  const uses = listUpstreamUses(facts)
  const keyOf = ({ node, address, port }: UpstreamUse): string => `${node} ${address} ${port}`
  const inEffect = new Set(uses.filter((use) => use.inEffect).map(keyOf))
  return uses.flatMap((use) => {
    const origin = options.origins.find(({ node }) => node === use.node)
    const key = keyOf(use)
    // What kubelet cuts off in one file may be asked because another one names it.
    if (origin === undefined || seen.has(key) || (!use.inEffect && inEffect.has(key))) return []
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
