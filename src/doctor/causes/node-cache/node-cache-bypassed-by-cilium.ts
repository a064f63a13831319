// Cilium in place of kube-proxy translates the Service IP at the pod's socket: the cache's rules never see the query.
import type { ConfigMap } from '../../../kube/objects/index.ts'
import type { ClusterFacts, NodeCacheFact } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, objectRef, qualifiedName, shellQuote } from '../support.ts'
import {
  cacheName,
  cacheRef,
  cacheSubject,
  judgeCaches,
  nodesGiven,
  ownAddresses,
  trafficLines,
  trafficOf,
} from './cache-support.ts'

export const nodeCacheBypassedByCilium: Cause = {
  code: 'node-cache-bypassed-by-cilium',
  needs: ['dns-service', 'config-maps'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const { facts, ladder } = evidence
  const subject = cacheSubject(cache)
  const config = ciliumConfig(facts)
  const replacement = config?.data['kube-proxy-replacement'] ?? ''
  if (config === undefined || !['partial', 'strict', 'true'].includes(replacement)) {
    return excluded(line('observed', 'no-replacement', {}), subject)
  }
  const policy = redirectPolicy(facts)
  if (policy !== undefined) return excluded(line('observed', 'policy', { policy }), subject)
  const own = ownAddresses(facts, cache)
  const direct = nodesGiven(facts, own)
  if (direct.length === facts.nodes.length && direct.length > 0) {
    return excluded(line('stated', 'own-address', { address: own.join(', ') }), subject)
  }
  const traffic = trafficOf(facts, ladder, cache)
  const busy = traffic.find(({ isIdle, minutes }) => !isIdle && minutes !== undefined)
  if (busy !== undefined) {
    return excluded(line('observed', 'busy', { server: busy.server, count: busy.requests }), subject)
  }
  const service = facts.dns.service?.service
  const finding = {
    subject,
    objects: [objectRef('ConfigMap', qualifiedName(config), 'kube-proxy-replacement'), cacheRef(cache)],
    values: { cache: cacheName(cache) },
    evidence: [
      line('stated', 'replacement', { configMap: qualifiedName(config), value: replacement }),
      line('observed', 'no-policy', { service: service === undefined ? '' : qualifiedName(service) }),
      ...trafficLines(traffic),
    ],
    fix: {
      key: 'node-cache-cilium',
      values: { cache: cacheName(cache) },
      command: `echo ${shellQuote(JSON.stringify(policyFor(facts, cache)))} | kubectl apply -f -`,
    },
    isFault: false,
    explains: [],
  }
  if (traffic.some(({ isIdle }) => isIdle)) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('node-cache.missing-counter')] }
}

function ciliumConfig({ objects }: ClusterFacts): ConfigMap | undefined {
  return objects.configMaps.find(({ meta }) => meta.name === 'cilium-config')
}

/** A CiliumLocalRedirectPolicy for the DNS Service or its address. */
function redirectPolicy({ objects, dns }: ClusterFacts): string | undefined {
  const { meta } = dns.service?.service ?? {}
  const found = objects.ciliumLocalRedirectPolicies.find(
    ({ service, address }) =>
      (service !== undefined && service.name === meta?.name && service.namespace === meta.namespace) ||
      dns.service?.clusterIPs.includes(address),
  )
  return found === undefined ? undefined : qualifiedName(found)
}

function policyFor({ dns }: ClusterFacts, cache: NodeCacheFact): object {
  const { meta } = dns.service?.service ?? { meta: { namespace: cache.namespace, name: 'kube-dns' } }
  const toPorts = [
    { port: '53', name: 'dns', protocol: 'UDP' },
    { port: '53', name: 'dns-tcp', protocol: 'TCP' },
  ]
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumLocalRedirectPolicy',
    metadata: { name: 'nodelocaldns', namespace: meta.namespace },
    spec: {
      redirectFrontend: { serviceMatcher: { serviceName: meta.name, namespace: meta.namespace } },
      redirectBackend: { localEndpointSelector: { matchLabels: cache.daemonSet?.selector.matchLabels ?? {} }, toPorts },
    },
  }
}
