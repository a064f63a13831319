// The cache asks the DNS Service over TCP only (force_tcp), and TCP does not get there.
import type { NodeCacheFact } from '../../facts/index.ts'
import { counterGrowth } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { corefileRef, editCorefile } from '../coredns-support.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { clusterNameRungs } from '../service-support.ts'
import { askedRungs, excluded, findScrape, notChecked, serviceRef } from '../support.ts'
import { cacheName, cacheSubject, judgeCaches, podNameOf } from './cache-support.ts'
import { waysTo } from '../network/ways.ts'
import { clusterForward } from './forwarding.ts'

export const nodeCacheForceTcpBlocked: Cause = {
  code: 'node-cache-force-tcp-blocked',
  needs: ['dns-service', 'probes'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const { facts, ladder } = evidence
  const { service } = facts.dns
  const subject = cacheSubject(cache)
  const forward = clusterForward(facts, cache)
  if (forward === undefined || service === undefined || cache.corefile === undefined) {
    return notChecked('not-checked.nothing-to-judge', {}, subject)
  }
  const map = `${cache.corefile.configMap.namespace}/${cache.corefile.configMap.name}`
  if (!forward.forcesTcp) return excluded(line('stated', 'no-force', { configMap: map, line: forward.line }), subject)
  const lacksPort = !service.service.ports.some(({ port, protocol }) => port === 53 && protocol === 'TCP')
  const rungs = askedRungs(ladder).filter(({ from }) => from.kind !== 'pod')
  const failing = rungs.filter((rung) => clusterNameRungs(rung) && rung.result === 'failed')
  // What the cache holds it still answers: an old answer does not show that anything gets through.
  const aged = rungs.filter((rung) => rung.purpose === 'canary' && clusterNameRungs(rung) && isAged(rung))
  const nodes = [...new Set([...failing, ...aged].map(({ fromNode }) => fromNode ?? ''))]
  // Part of what it asks may be lost where TCP to some replica is: a few answers do not contradict that.
  const partly = waysTo(ladder, 'replica').filter(
    ({ isPod, udp, tcp }) => !isPod && udp === 'answered' && tcp === 'silent',
  )
  const servers = [...new Set(partly.map(({ hop }) => hop.name))].join(', ')
  const contradicted = (key: string, values: EvidenceLine['values']): Judgement =>
    servers === ''
      ? excluded(line('observed', key, values), subject)
      : notChecked('not-checked.tcp-partly', { servers }, subject)
  if (nodes.length === 0) return contradicted('works', { cache: cacheName(cache) })
  const blocked = nodes.filter((node) => isTcpOnlyLost(rungs, node))
  if (blocked.length === 0 && (!lacksPort || failing.length === 0)) {
    return contradicted('not-tcp', { nodes })
  }
  const concerned = lacksPort ? nodes : blocked
  const [address = ''] = service.clusterIPs
  return {
    status: 'proven',
    subject,
    objects: [corefileRef(cache.corefile, forward.line), serviceRef(service, 'spec.ports')],
    values: { cache: cacheName(cache), address, nodes: concerned },
    evidence: [
      line('stated', 'force-tcp', { configMap: map, line: forward.line, targets: forward.targets }),
      ...(lacksPort ? [line('stated', 'no-tcp-port', { address })] : []),
      ...blocked.slice(0, 1).map((node) => line('observed', 'tcp-lost', { node, address })),
      failing.length > 0
        ? line('observed', 'failed', { count: failing.length, nodes: concerned })
        : line('observed', 'held', { nodes: concerned }),
      ...noAnswers(evidence, cache, address),
    ],
    fix: {
      key: lacksPort ? 'node-cache-tcp.port' : 'node-cache-tcp.open',
      values: { address, nodes: concerned },
      command: lacksPort
        ? `kubectl -n ${service.service.meta.namespace} patch service ${service.service.meta.name} --type=json -p '[{"op":"add","path":"/spec/ports/-","value":{"name":"dns-tcp","port":53,"protocol":"TCP"}}]'`
        : `dig +tcp @${address} kubernetes.default.svc.${facts.dns.clusterDomain.value}   # on ${concerned[0] ?? ''}: find what drops TCP to port 53\n# until then: ${editCorefile(cache.corefile)}   # force_tcp -> prefer_udp`,
    },
    isFault: true,
    explains: rungs
      .filter(({ result, fromNode }) => result === 'failed' && concerned.includes(fromNode ?? ''))
      .filter((rung) => failing.includes(rung) || (rung.hop.kind === 'dns-service' && rung.transport === 'tcp'))
      .map(({ id }) => id),
  }
}

/** An answer whose TTL has run down: it comes from the cache. */
function isAged({ observed, expected }: Rung): boolean {
  if (observed.kind !== 'response' || expected.kind !== 'records') return false
  return observed.ttl !== undefined && expected.ttl !== undefined && observed.ttl < expected.ttl
}

/** An answer over UDP that takes longer, or another attempt, says the server is slow: over TCP that is silence. */
const PROMPT_MS = 1000

/** From one node the Service answers the same question promptly over UDP, and brings nothing over TCP. */
function isTcpOnlyLost(rungs: readonly Rung[], node: string): boolean {
  if (rungs.some((rung) => isUnreached(rung, node))) return false
  const own = rungs.filter(
    ({ hop, fromNode, purpose }) => hop.kind === 'dns-service' && fromNode === node && purpose === 'canary',
  )
  const [udp, tcp] = (['udp', 'tcp'] as const).map((transport) => own.filter((rung) => rung.transport === transport))
  const isPrompt = ({ observed, attempts, rttMs = 0 }: Rung): boolean =>
    observed.kind === 'response' && attempts === 1 && rttMs < PROMPT_MS
  // A connection that was made did get there, whatever became of it.
  const isLost = ({ observed }: Rung): boolean => {
    if (observed.kind === 'timeout') return observed.connected !== true
    return observed.kind !== 'response' && observed.kind !== 'closed'
  }
  return udp !== undefined && tcp !== undefined && udp.some(isPrompt) && tcp.length > 0 && tcp.every(isLost)
}

/** A replica that brings nothing over UDP either: what the Service handed to it was lost whatever the transport. */
function isUnreached({ hop, fromNode, purpose, transport, observed }: Rung, node: string): boolean {
  const isDirect = hop.kind === 'replica' && fromNode === node && purpose === 'canary' && transport === 'udp'
  return isDirect && observed.kind !== 'response' && observed.kind !== 'nothing'
}

/** The cache counts responses by their rcode: none came with an answer while it was asked. */
function noAnswers({ ladder }: Evidence, cache: NodeCacheFact, address: string): EvidenceLine[] {
  return cache.pods
    .flatMap((pod) => {
      const scrape = findScrape(ladder, podNameOf(pod))
      const labels = { to: `${address}:53`, rcode: 'NOERROR' }
      const growth = scrape && counterGrowth(scrape, 'coredns_proxy_request_duration_seconds_count', labels)
      return growth === 0 ? [line('observed', 'no-answers', { server: podNameOf(pod), address })] : []
    })
    .slice(0, 1)
}
