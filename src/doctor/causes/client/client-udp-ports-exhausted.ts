// A client has no UDP port left to ask from: each query in flight holds one.
import { phrase } from '../../ladder/index.ts'
import type { KernelReading } from '../../ladder/index.ts'
import type { Pod } from '../../../kube/objects/index.ts'
import { nodeKernels, seen } from '../network/kernels.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement, Subject } from '../judgement.ts'
import { excluded, failedIds, notChecked, objectRef, podRef, qualifiedName } from '../support.ts'

/** Linux's own net.ipv4.ip_local_port_range. */
const DEFAULT_RANGE = { from: 32_768, to: 60_999 }
/** From here on a free port is a matter of luck. */
const NEAR = 0.9

export const clientUdpPortsExhausted: Cause = {
  code: 'client-udp-ports-exhausted',
  needs: [],
  judge(evidence) {
    const clients = findClients(evidence)
    if (clients.length === 0) return [notChecked('not-checked.no-client-ports')]
    const near = clients.filter(({ sockets, flows, ports }) => Math.max(sockets ?? 0, flows ?? 0) >= NEAR * ports)
    if (near.length > 0) return near.map((client) => judgeClient(evidence, client))
    const [most] = clients.toSorted((a, b) => usedBy(b) - usedBy(a))
    return [
      excluded(line('observed', 'few', { count: most === undefined ? 0 : usedBy(most), ports: most?.ports ?? 0 })),
    ]
  },
}

/** One client and what is known of its ports. */
interface Client {
  readonly subject: Subject
  readonly pod?: Pod
  readonly node: string
  /** In its network namespace; undefined where it was not entered. */
  readonly sockets?: number
  /** Its entries to port 53 in the connection table of its node; undefined where that was not seen or lists busier ones. */
  readonly flows?: number
  readonly ports: number
}

function usedBy({ sockets, flows }: Client): number {
  return Math.max(sockets ?? 0, flows ?? 0)
}

function findClients(evidence: Evidence): Client[] {
  const { facts, ladder } = evidence
  const inside = ladder.kernels.read.flatMap((reading): Client[] => {
    const { place, first } = reading
    const udp = seen(first.udp)
    if (place.kind !== 'pod' || udp === undefined) return []
    const pod = facts.objects.pods.find(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
    if (pod === undefined) return []
    const flows = flowsOf(nodeKernels(ladder), pod)
    const sockets = udp.total ?? udp.sockets.length
    const count = flows === undefined ? { sockets } : { sockets, flows }
    return [{ subject: subjectOf(pod), pod, node: pod.spec.nodeName, ...count, ports: portsOf(reading) }]
  })
  const known = new Set(inside.map(({ subject }) => subject.name))
  const byAddress = nodeKernels(ladder).flatMap((reading): Client[] => {
    const { node = '', first } = reading
    return (seen(first.conntrack)?.busiest ?? []).flatMap(({ address, entries }): Client[] => {
      const ports = portsOf(reading)
      // Looking for the pod is only worth it where it matters: a node has hundreds.
      if (entries < NEAR * ports) return [{ subject: { kind: 'node', name: node }, node, flows: entries, ports }]
      const pod = facts.objects.pods.find(({ podIPs, spec }) => !spec.hostNetwork && podIPs.includes(address))
      const subject: Subject = pod === undefined ? { kind: 'node', name: node } : subjectOf(pod)
      if (known.has(subject.name)) return []
      return [{ subject, ...(pod === undefined ? {} : { pod }), node, flows: entries, ports }]
    })
  })
  return [...inside, ...byAddress]
}

function subjectOf(pod: Pod): Subject {
  return { kind: 'pod', name: qualifiedName(pod) }
}

function flowsOf(readings: readonly KernelReading[], { podIPs, spec }: Pod): number | undefined {
  const reading = readings.find(({ node }) => node === spec.nodeName)
  const busiest = seen(reading?.first.conntrack)?.busiest
  return busiest?.find(({ address }) => podIPs.includes(address))?.entries
}

/** How many ports a client may choose from. */
function portsOf({ first }: KernelReading): number {
  const text = seen(first.sysctls)?.['net.ipv4.ip_local_port_range'] ?? ''
  const [, from, to] = /^(\d+)\s+(\d+)$/.exec(text) ?? []
  const range = from === undefined || to === undefined ? DEFAULT_RANGE : { from: Number(from), to: Number(to) }
  return Math.max(1, range.to - range.from + 1)
}

function judgeClient({ ladder }: Evidence, { subject, pod, node, sockets, flows, ports }: Client): Judgement {
  const client = subject.name
  const hasSockets = sockets !== undefined && sockets >= NEAR * ports
  const hasFlows = flows !== undefined && flows >= NEAR * ports
  const evidence: EvidenceLine[] = [
    ...(sockets === undefined ? [] : [line('observed', 'sockets', { client, count: sockets, ports })]),
    ...(flows === undefined ? [] : [line('observed', 'flows', { client, node, count: flows, ports })]),
    line('computed', 'one-each', { client }),
  ]
  const finding = {
    subject,
    objects: [...(pod === undefined ? [] : [podRef(pod)]), objectRef('Node', node)],
    values: { client, count: Math.max(sockets ?? 0, flows ?? 0), ports },
    evidence,
    fix: {
      key: 'client-udp-ports-exhausted',
      values: { client },
      command:
        pod === undefined
          ? `# on ${node}\nss -uan | wc -l\ncat /proc/sys/net/ipv4/ip_local_port_range`
          : `kubectl -n ${pod.meta.namespace} exec ${pod.meta.name} -- sh -c 'wc -l /proc/net/udp; cat /proc/sys/net/ipv4/ip_local_port_range'`,
    },
    isFault: true,
    explains: failedIds(
      ladder,
      ({ from }) => pod !== undefined && from.kind === 'pod' && `${from.namespace}/${from.name}` === client,
    ),
  }
  if (hasSockets && hasFlows) return { status: 'proven', ...finding }
  const missing = hasSockets ? 'missing-flows' : 'missing-sockets'
  return {
    status: 'suspected',
    ...finding,
    missing: [phrase(`client-udp-ports-exhausted.${missing}`, { client, node })],
  }
}
