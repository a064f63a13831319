// A tracked UDP flow to the Service IP still leads to a CoreDNS pod that is gone, and its client keeps it alive.
import type { KernelReading } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { phrase } from '../../ladder/index.ts'
import { excluded, notChecked, objectRef, serviceRef, shellQuote } from '../support.ts'
import { nodeKernels, seen } from '../network/kernels.ts'
import { livingAddresses, lostBeside, translatedAddresses } from './stale-entries.ts'
import type { StaleEntry } from './stale-entries.ts'

export const staleUdpConntrack: Cause = {
  code: 'stale-udp-conntrack',
  needs: ['dns-service', 'endpoint-slices'],
  judge: (evidence) => [judge(evidence)],
}

interface Flow extends StaleEntry {
  /** Nothing ever came back, or the client was heard again between two readings: it leads nowhere now. */
  readonly isDead: boolean
  readonly timeoutSeconds: number
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const { service } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const shown = nodeKernels(ladder).filter(({ first }) => seen(first.conntrack) !== undefined)
  if (shown.length === 0) return notChecked('not-checked.no-conntrack')
  const flows = shown.flatMap((reading) => staleFlows(evidence, reading))
  const [address = ''] = service.clusterIPs
  const [worst] = flows
  if (worst === undefined) {
    const nodes = shown.map(({ node }) => node ?? '')
    return excluded(line('observed', 'none', { address, nodes }))
  }
  const nodes = [...new Set(flows.map(({ node }) => node))]
  const dead = [...new Set(flows.map((flow) => flow.dead))]
  const clients = [...new Set(flows.map(({ client }) => client))]
  const finding = {
    subject: { kind: 'node', name: nodes.join(', ') } as const,
    objects: [serviceRef(service), ...nodes.map((node) => objectRef('Node', node))],
    values: { nodes, dead, address, clients },
    evidence: [
      ...flows.slice(0, 2).map(({ node, client, service: to, dead: gone, isDead, timeoutSeconds }) =>
        line('observed', isDead ? 'entry' : 'entry-replied', {
          node,
          client,
          address: to,
          dead: gone,
          seconds: timeoutSeconds,
        }),
      ),
      line('observed', 'endpoints', { dead, endpoints: endpointsOf(evidence) }),
      ...(flows.length > 2 ? [line('observed', 'more', { count: flows.length, nodes })] : []),
    ],
    fix: {
      key: 'stale-udp-conntrack',
      values: { nodes },
      command: [
        ...new Set(
          flows.map(
            ({ node, service: to, dead: gone }) =>
              `ssh ${shellQuote(node)} sudo conntrack -D -p udp --orig-dst ${to} --reply-src ${gone}`,
          ),
        ),
      ].join('\n'),
    },
    explains: lostBeside(ladder, flows),
  }
  return flows.some(({ isDead }) => isDead)
    ? { status: 'proven', ...finding, isFault: true }
    : {
        status: 'suspected',
        ...finding,
        isFault: false,
        missing: [phrase('stale-udp-conntrack.missing-use', { nodes })],
      }
}

function staleFlows({ facts }: Evidence, { node = '', first, second }: KernelReading): Flow[] {
  const [ours, living] = [translatedAddresses(facts), livingAddresses(facts)]
  const later = seen(second?.conntrack)?.entries ?? []
  const ruled = ruledAddresses(first)
  const redirects = (seen(first.iptables) ?? []).some(({ rules }) => rules.some(({ target }) => target === 'REDIRECT'))
  return (seen(first.conntrack)?.entries ?? []).flatMap((entry): Flow[] => {
    const { protocol, original, reply, isReplied, timeoutSeconds } = entry
    const { address: to, port } = original.destination
    if (protocol !== 'udp' || port !== 53 || !ours.has(to) || living.has(reply.source.address)) return []
    // Not left over: the node's rules lead there still, and make such a flow each time.
    if (ruled.has(reply.source.address) || (redirects && isOwn(first, reply.source.address))) return []
    const again = later.find(
      (one) =>
        one.protocol === 'udp' &&
        one.original.source.address === original.source.address &&
        one.original.source.port === original.source.port &&
        one.reply.source.address === reply.source.address,
    )
    // A tracked flow's time only runs down; where it is longer later, the client sent again.
    const wasUsed = again !== undefined && again.timeoutSeconds >= timeoutSeconds
    const client = `${original.source.address}:${original.source.port}`
    return [{ node, client, service: to, dead: reply.source.address, isDead: !isReplied || wasUsed, timeoutSeconds }]
  })
}

/** Where the node's rules translate addresses to. */
function ruledAddresses({ iptables }: KernelReading['first']): Set<string> {
  const rules = (seen(iptables) ?? []).flatMap((one) => one.rules)
  return new Set(rules.flatMap(({ toDestination }) => toDestination?.replace(/:\d+$/, '') ?? []))
}

/** Where a redirection leads: to the machine itself. */
function isOwn({ addresses }: KernelReading['first'], address: string): boolean {
  return address.startsWith('127.') || (seen(addresses) ?? []).some((one) => one.address === address)
}

function endpointsOf({ facts }: Evidence): string[] {
  return (facts.dns.service?.slices ?? []).flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))
}
