// kube-proxy in ipvs mode: UDP connections to the Service IP live on after the CoreDNS pod behind them was removed.
import type { KernelReading } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked, objectRef, serviceRef, shellQuote } from '../support.ts'
import { nodeKernels, seen } from '../network/kernels.ts'
import { livingAddresses, lostBeside, translatedAddresses } from './stale-entries.ts'
import type { StaleEntry } from './stale-entries.ts'

export const ipvsStaleUdpConnections: Cause = {
  code: 'ipvs-stale-udp-connections',
  needs: ['dns-service', 'endpoint-slices'],
  judge: (evidence) => [judge(evidence)],
}

interface Connection extends StaleEntry {
  readonly expiresSeconds: number
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const { service } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const read = nodeKernels(ladder)
  if (read.length === 0) return notChecked('not-checked.no-kernel')
  const [address = ''] = service.clusterIPs
  const inUse = read.filter(({ first }) => seen(first.ipvs)?.services.some((one) => one.address.address === address))
  if (inUse.length === 0) {
    return excluded(line('observed', 'not-ipvs', { address, nodes: read.map(({ node }) => node ?? '') }))
  }
  const stale = inUse.flatMap((reading) => staleConnections(evidence, reading))
  const nodes = [...new Set((stale.length > 0 ? stale : inUse).map(({ node = '' }) => node))]
  if (stale.length === 0) return excluded(line('observed', 'none', { address, nodes }))
  const dead = [...new Set(stale.map((one) => one.dead))]
  return {
    status: 'proven',
    subject: { kind: 'node', name: nodes.join(', ') },
    objects: [serviceRef(service), ...nodes.map((node) => objectRef('Node', node))],
    values: { nodes, dead, address, count: stale.length },
    evidence: [
      line('observed', 'mode', { address, nodes }),
      ...stale
        .slice(0, 3)
        .map(({ node, client, dead: gone, expiresSeconds }) =>
          line('observed', 'connection', { node, client, address, dead: gone, seconds: expiresSeconds }),
        ),
    ],
    fix: {
      key: 'ipvs-stale-udp-connections',
      values: { nodes },
      command: nodes
        .map(
          (node) =>
            `ssh ${shellQuote(node)} 'sudo ipvsadm --set 900 120 10 && sudo sysctl -w net.ipv4.vs.expire_nodest_conn=1'`,
        )
        .join('\n'),
    },
    // Every rollout leaves some for minutes; they matter where a query was lost.
    isFault: false,
    explains: lostBeside(ladder, stale),
  }
}

function staleConnections({ facts }: Evidence, { node = '', first }: KernelReading): Connection[] {
  const [ours, living] = [translatedAddresses(facts), livingAddresses(facts)]
  return (seen(first.ipvs)?.connections ?? []).flatMap(({ protocol, client, service, destination, expiresSeconds }) =>
    protocol === 'udp' && service.port === 53 && ours.has(service.address) && !living.has(destination.address)
      ? [
          {
            node,
            client: `${client.address}:${client.port}`,
            service: service.address,
            dead: destination.address,
            expiresSeconds,
          },
        ]
      : [],
  )
}
