// A node's cache is gone or not ready, and the pods there have no other nameserver.
import type { NodeCacheFact, NodeFacts } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { excluded, failedIds, objectRef } from '../support.ts'
import {
  cacheName,
  cacheRef,
  deletePods,
  isKubeletSeen,
  judgeCaches,
  nodesGiven,
  ownAddresses,
  podNameOf,
  rungsAtCache,
  stateOf,
} from './cache-support.ts'

export const nodeCacheDown: Cause = {
  code: 'node-cache-down',
  needs: ['pods'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const { facts, ladder } = evidence
  const subject = { kind: 'pod', name: cacheName(cache) } as const
  const given = nodesGiven(facts, ownAddresses(facts, cache)).filter(isUp)
  if (given.length === 0) {
    return excluded(line('stated', 'not-handed-out', { cache: cacheName(cache), addresses: cache.localIPs }), subject)
  }
  const without = given.filter(({ name }) => !isServed(evidence, cache, name))
  const answering = without.filter(({ name }) => rungsAtCache(ladder, name).some(isAnswered))
  const down = without.filter((node) => !answering.includes(node))
  if (down.length === 0) {
    const by =
      answering.length > 0
        ? line('observed', 'answers', { nodes: answering.map(({ name }) => name), address: addressOf(evidence, cache) })
        : line('observed', 'all-ready', { cache: cacheName(cache), count: given.length })
    return excluded(by, subject)
  }
  const nodes = down.map(({ name }) => name)
  const pods = cache.pods.filter(({ node }) => nodes.includes(node))
  const address = addressOf(evidence, cache)
  const [first] = down
  const finding = {
    subject: { kind: 'node', name: nodes.join(', ') } as const,
    objects: [cacheRef(cache), ...nodes.slice(0, 5).map((node) => objectRef('Node', node))],
    values: { cache: cacheName(cache), nodes, count: nodes.length },
    evidence: [
      ...podLines(cache, nodes),
      line(first?.kubelet.clusterDNS.origin ?? 'assumed', 'handed-out', {
        nodes,
        address,
        from: first?.kubelet.clusterDNS.from ?? '',
      }),
      ...nodes.slice(0, 2).flatMap((node) => silenceLines(rungsAtCache(ladder, node), node)),
      ...(given.length > down.length
        ? [line('observed', 'elsewhere', { count: given.length - down.length, all: given.length })]
        : []),
    ],
    fix: {
      key: 'node-cache-down',
      values: { cache: cacheName(cache), nodes },
      command: [
        `kubectl -n ${cache.namespace} describe daemonset ${cache.name}`,
        ...(pods.length === 0
          ? []
          : [
              `kubectl -n ${cache.namespace} describe pod ${pods
                .slice(0, 3)
                .map(({ pod }) => pod.meta.name)
                .join(' ')}`,
            ]),
        ...(pods.length === 0 ? [] : [deletePods(pods)]),
      ].join('\n'),
    },
    isFault: true,
    explains: failedIds(ladder, ({ hop, fromNode }) => hop.kind === 'node-cache' && nodes.includes(fromNode ?? '')),
  }
  if (down.every(isKubeletSeen)) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('node-cache-down.missing-kubelet', { nodes })] }
}

function isUp({ node }: NodeFacts): boolean {
  return node === undefined || (node.ready && node.operatingSystem !== 'windows')
}

/** Two DaemonSets may take turns at one address: any ready pod there serves it. */
function isServed({ facts }: Evidence, cache: NodeCacheFact, node: string): boolean {
  return facts.dns.nodeCaches
    .filter(({ localIPs }) => localIPs.some((address) => cache.localIPs.includes(address)))
    .some(({ pods }) => pods.some((pod) => pod.node === node && pod.ready))
}

function isAnswered({ observed }: Rung): boolean {
  return observed.kind === 'response'
}

function addressOf({ facts }: Evidence, cache: NodeCacheFact): string {
  return ownAddresses(facts, cache)[0] ?? ''
}

function podLines({ pods }: NodeCacheFact, nodes: readonly string[]): EvidenceLine[] {
  return nodes.slice(0, 2).map((node) => {
    const pod = pods.find((one) => one.node === node)
    if (pod === undefined) return line('observed', 'no-pod', { node })
    return line('observed', 'not-ready', { node, pod: podNameOf(pod), state: stateOf(pod) })
  })
}

function silenceLines(rungs: readonly Rung[], node: string): EvidenceLine[] {
  return rungs.length === 0 ? [] : [line('observed', 'unanswered', { node, count: rungs.length })]
}
