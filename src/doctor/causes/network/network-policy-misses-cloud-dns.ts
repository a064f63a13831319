// Pods ask the cloud's resolver, past CoreDNS, and their egress policies admit everything but that.
import { counterGrowth } from '../../ladder/index.ts'
import { phrase } from '../../ladder/index.ts'
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

export const networkPolicyMissesCloudDns: Cause = {
  code: 'network-policy-misses-cloud-dns',
  needs: ['pods'],
  judge: (evidence) =>
    judgeDenials(
      evidence,
      ({ server, udp }) => server.kind === 'cloud' && !udp,
      (denials) => judge(evidence, denials),
    ),
}

function judge(evidence: Evidence, denials: Denials): Judgement {
  const { facts, ladder } = evidence
  const { subject, views, isAsked } = denials
  const policies = policyNames(views)
  const address = views[0]?.server.address ?? ''
  const namespace = views[0]?.pod.meta.namespace ?? ''
  const failed = failedLines(evidence, views)
  // Our own questions move CoreDNS's counters: that nobody else's do shows only where none was put to it.
  const isUnused = ladder.scrapes.some((scrape) => counterGrowth(scrape, 'coredns_dns_requests_total') === 0)
  const finding = {
    subject,
    objects: policyRefs(views),
    values: { who: subject.name, address, policies },
    evidence: [
      line('computed', 'asks', {
        pods: podNames(views),
        address,
        server: facts.dns.otherServers.find(({ addresses }) => addresses.includes(address))?.name ?? '',
      }),
      line('computed', 'no-block', { policies, address }),
      ...failed,
    ],
    fix: {
      key: 'network-policy-misses-cloud-dns',
      values: { namespace, address },
      command: allowDns(views, [blockOf(address)]),
    },
    isFault: isAsked,
    explains: explainsDenials(evidence, denials),
  }
  return failed.length > 0 || isUnused
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('network-policy-misses-cloud-dns.missing-query', { address, pods: podNames(views) })],
      }
}
