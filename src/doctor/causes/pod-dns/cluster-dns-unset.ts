// A kubelet without clusterDNS: ClusterFirst pods get the node's resolv.conf, and kubelet says so in an event.
import type { Pod } from '../../../kube/objects/index.ts'
import type { NodeFacts } from '../../facts/index.ts'
import { podsOnNode } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, qualifiedName, shellQuote } from '../support.ts'

export const clusterDnsUnset: Cause = {
  code: 'cluster-dns-unset',
  needs: [],
  judge(evidence) {
    const { facts } = evidence
    const found = facts.nodes.flatMap((node) => judgeNode(evidence, node) ?? [])
    if (found.length > 0) return found
    const seen = facts.nodes.filter(({ kubelet }) => kubelet.clusterDNS.value.length > 0)
    const [first] = seen
    if (first === undefined) return [notChecked('not-checked.no-kubelet')]
    const { value, from } = first.kubelet.clusterDNS
    return [excluded(line('stated', 'set', { count: seen.length, value: [...value], from }))]
  },
}

function judgeNode(evidence: Evidence, node: NodeFacts): Judgement | undefined {
  const { facts } = evidence
  const { clusterDNS } = node.kubelet
  const isUnset = clusterDNS.value.length === 0 && clusterDNS.origin !== 'computed'
  const pods = podsOnNode(facts, node.name).filter(isClusterFirst)
  const names = new Set(pods.map(qualifiedName))
  const events = facts.objects.events.filter(
    ({ reason, regarding }) => reason === 'MissingClusterDNS' && names.has(`${regarding.namespace}/${regarding.name}`),
  )
  if (!isUnset && events.length === 0) return undefined
  const dns = facts.dns.service?.clusterIPs[0] ?? 'DNS_IP'
  const finding = {
    subject: { kind: 'node' as const, name: node.name },
    objects: events.slice(0, 3).map(({ meta }) => ({ kind: 'Event', namespace: meta.namespace, name: meta.name })),
    values: { node: node.name },
    evidence: [
      ...(events.length === 0
        ? []
        : [line('observed', 'event', { count: events.length, pod: qualifiedNameOf(events[0]?.regarding) })]),
      ...(isUnset ? [line(clusterDNS.origin, 'configuration', { from: clusterDNS.from })] : []),
      line('computed', 'concerned', { count: pods.length, pods: pods.map(qualifiedName) }),
    ],
    fix: {
      key: 'cluster-dns-unset',
      values: { node: node.name, address: dns },
      command: [
        `ssh -t ${shellQuote(node.name)} sudo vi /var/lib/kubelet/config.yaml   # clusterDNS: [${dns}]`,
        `ssh ${shellQuote(node.name)} sudo systemctl restart kubelet`,
      ].join('\n'),
    },
    isFault: pods.length > 0,
    explains: failedIds(evidence.ladder, ({ hop, fromNode }) => hop.kind === 'nameserver' && fromNode === node.name),
  }
  return events.length > 0 || clusterDNS.origin === 'observed'
    ? { status: 'proven', ...finding }
    : { status: 'suspected', ...finding, missing: [{ key: 'cluster-dns-unset.missing-event', values: {} }] }
}

function isClusterFirst({ spec, phase }: Pod): boolean {
  const asksCluster =
    spec.dnsPolicy === 'ClusterFirstWithHostNet' || (spec.dnsPolicy === 'ClusterFirst' && !spec.hostNetwork)
  return asksCluster && phase !== 'Succeeded' && phase !== 'Failed'
}

function qualifiedNameOf(object: { readonly namespace: string; readonly name: string } | undefined): string {
  return object === undefined ? '' : `${object.namespace}/${object.name}`
}
