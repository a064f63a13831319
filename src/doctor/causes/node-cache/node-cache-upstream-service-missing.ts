// node-cache forwards cluster names to the Service of -upstreamsvc: without it, or with nothing behind it, they fail.
import type { Service } from '../../../kube/objects/index.ts'
import type { ClusterFacts, NodeCacheFact } from '../../facts/index.ts'
import { findInLogs, phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { corefileRef } from '../coredns-support.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { clusterNameRungs } from '../service-support.ts'
import { excluded, failedIds, notChecked, objectRef } from '../support.ts'
import { cacheName, cacheRef, cacheSubject, judgeCaches, podNameOf } from './cache-support.ts'
import { CLUSTER_DNS_PILLAR, clusterForward } from './forwarding.ts'
import type { ClusterForward } from './forwarding.ts'

export const nodeCacheUpstreamServiceMissing: Cause = {
  code: 'node-cache-upstream-service-missing',
  needs: ['services', 'endpoint-slices'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const { facts, ladder } = evidence
  const subject = cacheSubject(cache)
  const forward = clusterForward(facts, cache)
  if (forward === undefined) return notChecked('not-checked.nothing-to-judge', {}, subject)
  const names = new Set(cache.pods.map(podNameOf))
  const failed = failedIds(ladder, (rung) => clusterNameRungs(rung) && names.has(rung.hop.name))
  const wrong = findWrong(facts, cache, forward)
  if (wrong.kind === 'excluded') return excluded(wrong.by, subject)
  const logged = findInLogs(ladder.logs, 'upstream-service-missing', ({ name }) => names.has(name))
  const service = `${cache.namespace}/${cache.upstreamService}`
  const finding = {
    subject,
    objects: [
      cacheRef(cache, 'args -upstreamsvc'),
      objectRef('Service', service),
      ...(cache.corefile === undefined ? [] : [corefileRef(cache.corefile, forward.line)]),
    ],
    values: { cache: cacheName(cache), service, address: forward.targets.join(', ') },
    ...(wrong.summary === undefined ? {} : { summary: wrong.summary }),
    evidence: [
      line('stated', 'argument', { cache: cacheName(cache), service: cache.upstreamService }),
      wrong.line,
      ...logged
        .slice(0, 1)
        .map(({ hop, finding: { count, line: text } }) => line('observed', 'log', { server: hop.name, count, text })),
      ...(failed.length === 0 ? [] : [line('observed', 'failed', { count: failed.length })]),
    ],
    fix: {
      key: 'node-cache-upstream-service',
      values: { service, cache: cacheName(cache) },
      command: [
        `kubectl -n ${cache.namespace} get service ${cache.upstreamService} -o wide`,
        `kubectl -n ${cache.namespace} edit daemonset ${cache.name}   # -upstreamsvc`,
        `kubectl -n ${cache.namespace} rollout restart daemonset ${cache.name}`,
      ].join('\n'),
    },
    isFault: true,
    explains: failed,
  }
  if (failed.length > 0 || logged.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('node-cache-upstream-service-missing.missing-failure')] }
}

type Wrong =
  | { readonly kind: 'excluded'; readonly by: EvidenceLine }
  | { readonly kind: 'wrong'; readonly line: EvidenceLine; readonly summary?: string }

function findWrong(facts: ClusterFacts, cache: NodeCacheFact, forward: ClusterForward): Wrong {
  const { services } = facts.objects
  const usesArgument = forward.targets.includes(CLUSTER_DNS_PILLAR)
  const service = usesArgument
    ? services.find(({ meta }) => meta.namespace === cache.namespace && meta.name === cache.upstreamService)
    : services.find(({ clusterIPs }) => clusterIPs.some((ip) => forward.targets.includes(ip)))
  const name = `${cache.namespace}/${cache.upstreamService}`
  if (service === undefined && usesArgument)
    return { kind: 'wrong', line: line('observed', 'absent', { service: name }) }
  if (service === undefined) {
    const replicas = facts.dns.replicas.flatMap(({ ips }) => ips)
    const [address = ''] = forward.targets
    // An address of nobody's Service may be a server elsewhere, but a replica's is known to serve.
    return forward.targets.some((target) => replicas.includes(target))
      ? { kind: 'excluded', by: line('stated', 'to-replica', { address }) }
      : { kind: 'wrong', line: line('observed', 'no-service-at', { address }), summary: 'nobodys-address' }
  }
  const own = `${service.meta.namespace}/${service.meta.name}`
  const count = readyEndpointsOf(facts, service)
  if (count > 0) return { kind: 'excluded', by: line('observed', 'there', { service: own, count }) }
  const { service: dns } = facts.dns
  if (dns?.service === service) return { kind: 'excluded', by: line('observed', 'is-dns-service', { service: own }) }
  return { kind: 'wrong', line: line('observed', 'selects-nothing', { service: own }), summary: 'nothing-behind' }
}

function readyEndpointsOf({ objects }: ClusterFacts, { meta }: Service): number {
  return objects.endpointSlices
    .filter((slice) => slice.meta.namespace === meta.namespace && slice.service === meta.name)
    .reduce((sum, { endpoints }) => sum + endpoints.filter(({ ready }) => ready).length, 0)
}
