// A node cache answers from another address than the one that was asked: clients throw the response away.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, isNodeCacheUnseen, notChecked, objectRef, shellQuote, withoutNodeCache } from '../support.ts'
import { askedRungs } from '../support.ts'
import { straySources } from './stray-sources.ts'

export const nodeCacheWrongSource: Cause = {
  code: 'node-cache-wrong-source',
  needs: ['probes'],
  judge(evidence) {
    const { facts, ladder } = evidence
    const [cache] = facts.dns.nodeCaches
    if (isNodeCacheUnseen(facts)) return [withoutNodeCache(facts)]
    if (cache === undefined) return [excluded(line('observed', 'no-cache', {}))]
    const wrong = pairsOfCaches(evidence)
    const nodes = [...new Set(wrong.map(({ rung }) => rung.fromNode ?? ''))]
    if (nodes.length > 0) return nodes.map((node) => judgeNode(evidence, node))
    const asked = askedRungs(ladder).filter(({ hop, transport }) => hop.kind === 'node-cache' && transport === 'udp')
    if (asked.length === 0) return [notChecked('not-checked.node-cache-not-asked')]
    return [excluded(line('observed', 'right-source', { count: asked.length }))]
  },
}

function judgeNode(evidence: Evidence, node: string): Judgement {
  const { facts } = evidence
  const own = pairsOfCaches(evidence).filter(({ rung }) => (rung.fromNode ?? '') === node)
  const [first] = own
  const { asked = '', from = '' } = first ?? {}
  const cache =
    facts.dns.nodeCaches.find(({ pods }) => pods.some((pod) => pod.node === node)) ?? facts.dns.nodeCaches[0]
  const name = `${cache?.namespace ?? ''}/${cache?.name ?? ''}`
  const pod = cache?.pods.find((one) => one.node === node)?.pod.meta
  return {
    status: 'proven',
    subject: { kind: 'node', name: node },
    objects: [objectRef('DaemonSet', name, 'args -localip'), objectRef('Node', node)],
    values: { node, asked, from },
    evidence: [
      line('observed', 'pair', { node, asked, from, count: own.length }),
      line('stated', 'listens', { cache: name, addresses: cache?.localIPs ?? [] }),
    ],
    fix: {
      key: 'node-cache-wrong-source',
      values: { node, asked, from },
      command: [
        `ssh ${shellQuote(node)} 'sudo iptables-save | grep ${from}'   # nat: DNAT to the cache must not be there; raw: NOTRACK must`,
        ...(pod === undefined ? [] : [`kubectl -n ${pod.namespace} delete pod ${pod.name}`]),
      ].join('\n'),
    },
    isFault: true,
    explains: [...new Set(own.filter(({ rung }) => rung.result === 'failed').map(({ rung }) => rung.id))],
  }
}

/** Pairs with a node cache at one end: it was asked, or its address is where the response came from. */
function pairsOfCaches({ facts, ladder }: Evidence): ReturnType<typeof straySources> {
  const addresses = new Set(
    facts.dns.nodeCaches.flatMap(({ localIPs, pods }) => [...localIPs, ...pods.flatMap(({ ips }) => ips)]),
  )
  const replicas = new Set(facts.dns.replicas.flatMap(({ ips }) => ips))
  return straySources(ladder).filter(
    ({ asked, from }) => !replicas.has(from) && asked !== from && (addresses.has(asked) || addresses.has(from)),
  )
}
