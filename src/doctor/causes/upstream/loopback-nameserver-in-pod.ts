// kubelet hands out a file whose nameserver is the node's own stub: inside a pod nothing listens at that address.
import type { Pod } from '../../../kube/objects/index.ts'
import type { NodeFacts } from '../../facts/index.ts'
import { podsOnNode, usesNodeResolver } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, podRef, qualifiedName, shellQuote } from '../support.ts'

const LOOPBACK = /^(127\.|::1(%|$))/
const UPLINK = '/run/systemd/resolve/resolv.conf'

export const loopbackNameserverInPod: Cause = {
  code: 'loopback-nameserver-in-pod',
  needs: ['pods'],
  judge(evidence) {
    const seen = evidence.facts.nodes.filter(({ resolvConf }) => resolvConf !== undefined)
    if (seen.length === 0) return [notChecked('not-checked.no-node-file')]
    const loopback = seen.filter((node) => addressesOf(node).length > 0)
    const [first] = loopback
    if (first === undefined) return [excluded(line('observed', 'none', { count: seen.length }))]
    const found = loopback.flatMap((node) => judgeNode(evidence, node) ?? [])
    if (found.length > 0) return found
    return [excluded(line('computed', 'nobody', { node: first.name, addresses: addressesOf(first) }))]
  },
}

function addressesOf({ resolvConf }: NodeFacts): string[] {
  return resolvConf?.conf.nameservers.filter((address) => LOOPBACK.test(address)) ?? []
}

function judgeNode({ facts, ladder, pods, asked }: Evidence, node: NodeFacts): Judgement | undefined {
  const servers = new Set(facts.dns.replicas.map(({ pod }) => qualifiedName(pod)))
  const isConcerned = (pod: Pod): boolean => {
    if (pods.length > 0 && !pods.includes(pod)) return false
    if (pod.phase === 'Succeeded' || pod.phase === 'Failed' || servers.has(qualifiedName(pod))) return false
    // On the host network the stub is there: such a pod is concerned only where somebody asks about it.
    return usesNodeResolver(pod, node.kubelet) && !pod.spec.hostNetwork
  }
  const concerned = podsOnNode(facts, node.name).filter(isConcerned)
  const [first] = concerned
  if (first === undefined) return undefined
  const addresses = addressesOf(node)
  const path = node.resolvConf?.path ?? node.kubelet.resolvConf.value
  const names = concerned.map(qualifiedName)
  const own = new Set(names)
  const failed = failedIds(
    ladder,
    ({ from, hop }) => from.kind === 'pod' && own.has(`${from.namespace}/${from.name}`) && LOOPBACK.test(hop.name),
  )
  const silent = ladder.rungs.find(({ id }) => id === failed[0])
  const isAsked = asked !== undefined && concerned.some((pod) => pods.includes(pod))
  return {
    status: 'proven',
    subject: { kind: 'node', name: node.name },
    objects: [
      { kind: 'File', namespace: '', name: `${node.name}:${path}` },
      ...concerned.slice(0, 3).map((pod) => podRef(pod, 'spec.dnsPolicy')),
    ],
    values: { node: node.name, addresses, count: concerned.length, pods: names },
    evidence: [
      ...(silent === undefined ? [] : [line('observed', 'asked', { address: silent.hop.name, pod: names[0] ?? '' })]),
      line('observed', 'file', { file: `${node.name}:${path}`, addresses }),
      line(node.kubelet.resolvConf.origin, 'handed-out', { path, from: node.kubelet.resolvConf.from }),
      line('stated', 'policy', { count: concerned.length, pods: names, policy: first.spec.dnsPolicy }),
    ],
    fix: {
      key: 'loopback-nameserver-in-pod',
      values: { node: node.name, path: UPLINK },
      command: [
        `ssh -t ${shellQuote(node.name)} sudo vi /var/lib/kubelet/config.yaml   # resolvConf: ${UPLINK}`,
        `ssh ${shellQuote(node.name)} sudo systemctl restart kubelet`,
        ...concerned.slice(0, 3).map(({ meta }) => `kubectl -n ${meta.namespace} delete pod ${meta.name}`),
      ].join('\n'),
    },
    isFault: true,
    // CoreDNS pods of the node got the same file.
    ...(facts.dns.replicas.some((replica) => replica.node === node.name)
      ? { beneath: ['forwarding-loop'] as const }
      : {}),
    explains: [...(isAsked ? [ASKED_NAME] : []), ...failed],
  }
}
