// Egress policies select the pods and admit no DNS to CoreDNS, or only one of its two transports.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  allowDns,
  blockOf,
  explainsDenials,
  failedLines,
  judgeDenials,
  podNames,
  podsOf,
  policyNames,
  policyRefs,
} from './egress-denials.ts'
import type { Denials } from './egress-denials.ts'
import type { EgressView } from './policy-view.ts'

export const networkPolicyBlocksEgress: Cause = {
  code: 'network-policy-blocks-egress',
  needs: ['dns-service', 'pods'],
  judge: (evidence) => judgeDenials(evidence, isBlocked, (denials) => judge(evidence, denials)),
}

/** A server that no selector can match, although CoreDNS is admitted, is another cause. */
function isBlocked({ server, udp, tcp, admitsReplicas }: EgressView): boolean {
  if (server.kind === 'dns-service') return !udp || !tcp
  return server.kind === 'node-cache' && !udp && !admitsReplicas
}

function judge(evidence: Evidence, denials: Denials): Judgement {
  const { subject, views, isAsked } = denials
  const { service } = evidence.facts.dns
  const policies = policyNames(views)
  const lost = views.every(({ udp }) => udp) ? 'TCP' : views.every(({ tcp }) => tcp) ? 'UDP' : ''
  const values = { who: subject.name, policies, transport: lost }
  const namespace = views[0]?.pod.meta.namespace ?? ''
  const dnsNamespace = service?.service.meta.namespace ?? 'kube-system'
  const peer = podsOf(evidence, dnsNamespace, service?.service.selector ?? {})
  const blocks = [
    ...new Set(views.filter(({ server }) => server.kind === 'node-cache').map(({ server }) => server.address)),
  ]
  return {
    status: 'proven',
    subject,
    objects: policyRefs(views),
    values,
    ...(lost === '' ? {} : { summary: 'one-transport' }),
    evidence: [
      line('stated', 'selected', { pods: podNames(views), policies }),
      lost === ''
        ? line('computed', 'none-admits', {
            service: service?.service.meta.name ?? '',
            namespace: dnsNamespace,
            count: policies.length,
          })
        : line('computed', 'other-transport-only', { transport: lost, service: service?.service.meta.name ?? '' }),
      ...failedLines(evidence, views),
    ],
    fix: {
      key: 'network-policy-blocks-egress',
      values: { namespace },
      command: allowDns(views, [peer, ...blocks.map(blockOf)]),
    },
    isFault: isAsked && lost !== 'TCP',
    explains: explainsDenials(evidence, denials),
  }
}
