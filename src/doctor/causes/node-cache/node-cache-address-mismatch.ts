// Three places name the cache's address: what kubelet hands out, -localip, and the Corefile. They must agree.
import { parseAddress } from '../../../dns/index.ts'
import type { CorefileFact, NodeCacheFact, NodeFacts } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { corefileRef, editCorefile } from '../coredns-support.ts'
import { excluded, failedIds, notChecked } from '../support.ts'
import { cacheName, cacheRef, cacheSubject, isKubeletSeen, judgeCaches, ownAddresses } from './cache-support.ts'

export const nodeCacheAddressMismatch: Cause = {
  code: 'node-cache-address-mismatch',
  needs: [],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

/** An address that another place gives than -localip. */
interface Other {
  readonly address: string
  readonly directive: 'bind' | 'health'
  readonly line: number
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const { facts, ladder } = evidence
  const subject = cacheSubject(cache)
  if (cache.localIPs.length === 0) return notChecked('not-checked.nothing-to-judge', {}, subject)
  const strangers = facts.nodes.filter((node) => strangeAddress(evidence, node) !== undefined)
  const inCorefile = cache.corefile === undefined ? [] : addressesIn(cache.corefile).filter(isOther(cache))
  const [own = ''] = ownAddresses(facts, cache)
  if (strangers.length === 0 && inCorefile.length === 0) {
    return excluded(line('stated', 'agree', { cache: cacheName(cache), addresses: cache.localIPs }), subject)
  }
  const [first] = strangers
  const given = first === undefined ? '' : (strangeAddress(evidence, first) ?? '')
  const nodes = strangers.map(({ name }) => name)
  const other = first === undefined ? (inCorefile[0]?.address ?? '') : given
  return {
    status: 'proven',
    subject,
    objects: [
      cacheRef(cache, 'args -localip'),
      ...(cache.corefile === undefined || inCorefile.length === 0
        ? []
        : [corefileRef(cache.corefile, inCorefile[0]?.line)]),
    ],
    values: { cache: cacheName(cache), localIPs: cache.localIPs, other },
    evidence: [
      line('stated', 'localip', { cache: cacheName(cache), addresses: cache.localIPs }),
      ...(first === undefined
        ? []
        : [
            line(first.kubelet.clusterDNS.origin, 'handed-out', {
              nodes,
              address: given,
              from: first.kubelet.clusterDNS.from,
            }),
          ]),
      ...inCorefile.slice(0, 2).map((one) => line('stated', 'in-corefile', { ...one })),
      ...failedLines(evidence, given, nodes),
    ],
    fix:
      first === undefined && cache.corefile !== undefined
        ? { key: 'node-cache-address.corefile', values: { address: own, other }, command: editCorefile(cache.corefile) }
        : {
            key: 'node-cache-address.kubelet',
            values: { address: own, other, nodes },
            command: `kubectl -n ${cache.namespace} edit daemonset ${cache.name}   # -localip ${[...cache.localIPs, given].join(',')}\n# or clusterDNS: [${own}] in kubelet's configuration of ${nodes.slice(0, 3).join(', ')}`,
          },
    isFault: true,
    explains: failedIds(ladder, ({ hop, to, fromNode }) => {
      if (hop.kind === 'nameserver') return to.address === given && nodes.includes(fromNode ?? '')
      return hop.kind === 'node-cache' && inCorefile.length > 0
    }),
  }
}

/** The link-local address that a kubelet hands out and no cache listens at; undefined when there is none. */
function strangeAddress({ facts }: Evidence, node: NodeFacts): string | undefined {
  if (!isKubeletSeen(node)) return undefined
  const local = new Set(facts.dns.nodeCaches.flatMap(({ localIPs }) => localIPs))
  const known = new Set(facts.dns.otherServers.filter(({ isKnown }) => isKnown).flatMap(({ addresses }) => addresses))
  return node.kubelet.clusterDNS.value.find(
    (address) => /^(169\.254\.|fe80:)/i.test(address) && !local.has(address) && !known.has(address),
  )
}

function addressesIn({ blocks }: CorefileFact): Other[] {
  return blocks.flatMap(({ directives }) =>
    directives.flatMap(({ name, tokens }) => {
      if (name !== 'bind' && name !== 'health') return []
      return tokens
        .slice(1)
        .map(({ text, line: at }) => ({
          address: text.replace(/:\d+$/, '').replaceAll(/[[\]]/g, ''),
          directive: name,
          line: at,
        }))
        .filter(({ address }) => parseAddress(address) !== undefined) as Other[]
    }),
  )
}

/** Any address and loopback are there on every node. */
function isOther({ localIPs }: NodeCacheFact): (other: Other) => boolean {
  return ({ address }) => !localIPs.includes(address) && !/^(0\.0\.0\.0|127\.|::1?$)/.test(address)
}

function failedLines({ ladder }: Evidence, address: string, nodes: readonly string[]): EvidenceLine[] {
  const failed = failedIds(
    ladder,
    ({ hop, to, fromNode }) => hop.kind === 'nameserver' && to.address === address && nodes.includes(fromNode ?? ''),
  )
  return failed.length === 0 ? [] : [line('observed', 'failed', { address, count: failed.length })]
}
