// Egress policies admit the CoreDNS pods, but pods ask the node cache, which no podSelector can match.
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
  policyNames,
  policyRefs,
} from './egress-denials.ts'
import type { Denials } from './egress-denials.ts'

export const networkPolicyMissesNodeCache: Cause = {
  code: 'network-policy-misses-node-cache',
  needs: ['pods'],
  judge: (evidence) =>
    judgeDenials(
      evidence,
      ({ server, udp, admitsReplicas }) => server.kind === 'node-cache' && !udp && admitsReplicas,
      (denials) => judge(evidence, denials),
    ),
}

function judge(evidence: Evidence, denials: Denials): Judgement {
  const { subject, views, isAsked } = denials
  const policies = policyNames(views)
  const address = views[0]?.server.address ?? ''
  const namespace = views[0]?.pod.meta.namespace ?? ''
  const addresses = [address, ...(evidence.facts.dns.service?.clusterIPs ?? [])]
  return {
    status: 'proven',
    subject,
    objects: policyRefs(views),
    values: { who: subject.name, address, policies },
    evidence: [
      line('computed', 'asks', { pods: podNames(views), address }),
      line('computed', 'admits-replicas', { policies, address }),
      ...failedLines(evidence, views),
    ],
    fix: {
      key: 'network-policy-misses-node-cache',
      values: { namespace, address },
      command: allowDns(views, addresses.map(blockOf)),
    },
    isFault: isAsked,
    explains: explainsDenials(evidence, denials),
  }
}
