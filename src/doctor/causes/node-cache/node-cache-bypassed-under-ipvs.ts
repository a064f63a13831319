// In ipvs mode the kernel takes the Service IP before the cache can: only an address of its own leads pods to it.
import type { NodeCacheFact } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked } from '../support.ts'
import {
  cacheName,
  cacheRef,
  cacheSubject,
  findProxyMode,
  isKubeletSeen,
  judgeCaches,
  nodesGiven,
  ownAddresses,
  trafficLines,
  trafficOf,
} from './cache-support.ts'

export const nodeCacheBypassedUnderIpvs: Cause = {
  code: 'node-cache-bypassed-under-ipvs',
  needs: ['dns-service'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const { facts, ladder } = evidence
  const subject = cacheSubject(cache)
  const proxy = findProxyMode(facts, ladder)
  if (proxy === undefined) return notChecked('not-checked.no-proxy-mode', {}, subject)
  if (proxy.mode !== 'ipvs') return excluded(line('stated', 'other-mode', { ...proxy }), subject)
  const serviceIPs = facts.dns.service?.clusterIPs ?? []
  const given = nodesGiven(facts, serviceIPs).filter(isKubeletSeen)
  const shared = cache.localIPs.filter((address) => serviceIPs.includes(address))
  const [own = ''] = ownAddresses(facts, cache)
  if (given.length === 0) return excluded(line('stated', 'own-address', { address: own }), subject)
  const traffic = trafficOf(facts, ladder, cache)
  const busy = traffic.find(({ isIdle, minutes }) => !isIdle && minutes !== undefined)
  if (busy !== undefined) {
    return excluded(line('observed', 'busy', { server: busy.server, count: busy.requests }), subject)
  }
  const nodes = given.map(({ name }) => name)
  const [first] = given
  const finding = {
    subject,
    objects: [cacheRef(cache, 'args -localip')],
    values: { cache: cacheName(cache), nodes },
    evidence: [
      line('stated', 'mode', { ...proxy }),
      line(first?.kubelet.clusterDNS.origin ?? 'stated', 'handed-out', {
        nodes,
        address: serviceIPs.join(', '),
        from: first?.kubelet.clusterDNS.from ?? '',
      }),
      ...(shared.length === 0 ? [] : [line('stated', 'shared', { cache: cacheName(cache), addresses: shared })]),
      ...trafficLines(traffic),
    ],
    fix: {
      key: 'node-cache-ipvs',
      values: { address: own || '169.254.20.10', nodes },
      command: `# clusterDNS: [${own || '169.254.20.10'}] in kubelet's configuration of ${nodes.slice(0, 3).join(', ')}, then restart kubelet and recreate the pods`,
    },
    // DNS works, past the cache.
    isFault: false,
    explains: [],
  }
  if (traffic.some(({ isIdle }) => isIdle)) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('node-cache.missing-counter')] }
}
