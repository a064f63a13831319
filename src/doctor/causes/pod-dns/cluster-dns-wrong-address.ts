// kubelet hands out an address at which nobody serves the cluster's names.
import type { Pod } from '../../../kube/objects/index.ts'
import { podResolvConfOf } from '../../facts/index.ts'
import type { ClusterFacts, NodeFacts } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement, Subject } from '../judgement.ts'
import { deletePods, replaceable } from '../make-anew.ts'
import { askedRungs, excluded, failedIds, notChecked, shellQuote } from '../support.ts'
import { clusterServers } from './pod-settings.ts'

/** Nodes that the fix names; the others need the same. */
const MAX_NODES = 3

export const clusterDnsWrongAddress: Cause = {
  code: 'cluster-dns-wrong-address',
  needs: ['dns-service', 'services'],
  judge(evidence) {
    const { facts } = evidence
    const known = clusterServers(facts)
    const stated = facts.nodes.filter(({ kubelet }) => isStated(kubelet.clusterDNS.origin))
    if (stated.length === 0) return [notChecked('not-checked.no-kubelet')]
    const byAddress = new Map<string, NodeFacts[]>()
    for (const node of stated) {
      for (const address of node.kubelet.clusterDNS.value) {
        if (!known.has(address)) byAddress.set(address, [...(byAddress.get(address) ?? []), node])
      }
    }
    if (byAddress.size > 0) return [...byAddress].map(([address, nodes]) => judgeAddress(evidence, address, nodes))
    const [first] = stated
    const address = first?.kubelet.clusterDNS.value[0] ?? ''
    return [excluded(line('stated', 'served', { address, server: known.get(address) ?? '', count: stated.length }))]
  },
}

function judgeAddress(evidence: Evidence, address: string, nodes: readonly NodeFacts[]): Judgement {
  const { facts, ladder } = evidence
  const names = nodes.map(({ name }) => name)
  const subject: Subject = { kind: 'upstream', name: address }
  const rungs = askedRungs(ladder).filter(({ hop }) => hop.kind === 'nameserver' && hop.name === address)
  const working = rungs.find(({ purpose, result }) => purpose === 'canary' && result === 'ok')
  if (working !== undefined) {
    return excluded(line('observed', 'answers', { address, node: working.fromNode ?? '' }), subject)
  }
  if (isLinkLocal(address) && facts.dns.nodeCaches.length > 0) {
    return excluded(line('computed', 'cache-address', { address }), subject)
  }
  const failed = rungs.filter(({ result, purpose }) => result === 'failed' && purpose === 'canary')
  const [first] = nodes
  const from = first?.kubelet.clusterDNS.from ?? ''
  const right = rightAddress(facts)
  const finding = {
    subject,
    objects: [],
    values: { address, nodes: names },
    evidence: [
      line(first?.kubelet.clusterDNS.origin ?? 'stated', 'handed-out', { address, from, nodes: names }),
      line('observed', 'served-at', { addresses: [...clusterServers(facts).keys()] }),
      ...(failed.length === 0
        ? []
        : [line('observed', 'no-answer', { address, count: failed.length, nodes: nodesOf(failed) })]),
    ],
    fix: {
      key: 'cluster-dns-wrong-address',
      values: { address, right, nodes: names },
      command: [
        ...names.slice(0, MAX_NODES).map((node) => editKubelet(node, address, right)),
        ...deletePods(replaceable(podsWith(facts, address, names))),
      ].join('\n'),
    },
    isFault: true,
    explains: failedIds(ladder, ({ hop }) => hop.kind === 'nameserver' && hop.name === address),
  }
  if (failed.length > 0) return { status: 'proven', ...finding }
  return {
    status: 'suspected',
    ...finding,
    missing: [phrase('cluster-dns-wrong-address.missing-query', { address, nodes: names })],
  }
}

/** In the shell of a node, which sees the backslashes that ours has to leave alone; whole addresses only. */
function editKubelet(node: string, address: string, right: string): string {
  const pattern = String.raw`s/\b${address.replaceAll('.', String.raw`\.`)}\b/${right}/`
  const edit = `sudo sed -i.bak ${shellQuote(pattern)} /var/lib/kubelet/config.yaml`
  return `ssh ${shellQuote(node)} ${shellQuote(`${edit} && sudo systemctl restart kubelet`)}`
}

/** The pods of these nodes that were made with the address. */
function podsWith(facts: ClusterFacts, address: string, nodes: readonly string[]): Pod[] {
  const named = new Set(nodes)
  return facts.objects.pods.filter(
    (pod) => named.has(pod.spec.nodeName) && podResolvConfOf(facts, pod).conf.nameservers.includes(address),
  )
}

function isStated(origin: string): boolean {
  return origin === 'observed' || origin === 'stated'
}

/** Addresses of node-local caches (RFC 3927); a wrong one of these is another cause. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || address.toLowerCase().startsWith('fe80:')
}

function rightAddress({ dns }: ClusterFacts): string {
  return dns.nodeCaches[0]?.localIPs[0] ?? dns.service?.clusterIPs[0] ?? ''
}

function nodesOf(rungs: readonly { readonly fromNode?: string }[]): string[] {
  return [...new Set(rungs.flatMap(({ fromNode }) => (fromNode === undefined ? [] : [fromNode])))]
}
