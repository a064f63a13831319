// internalTrafficPolicy Local on the DNS Service: on nodes without a CoreDNS pod its traffic is dropped.
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, qualifiedName, readyEndpoints, serviceRef } from '../support.ts'
import { isAnswered, waysTo } from '../network/ways.ts'

export const internalTrafficPolicyLocal: Cause = {
  code: 'internal-traffic-policy-local',
  needs: ['dns-service', 'endpoint-slices', 'nodes'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { service } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const { meta, internalTrafficPolicy } = service.service
  const name = qualifiedName(service.service)
  const subject = { kind: 'service', name } as const
  if (internalTrafficPolicy !== 'Local') {
    return excluded(line('stated', 'cluster', { service: name, policy: internalTrafficPolicy }), subject)
  }
  const having = new Set(readyEndpoints(service).map(({ node }) => node))
  if (having.size === 0) return notChecked('not-checked.nothing-behind-service', { service: name }, subject)
  const without = facts.nodes.map(({ name: node }) => node).filter((node) => !having.has(node))
  if (without.length === 0) return excluded(line('observed', 'everywhere', { service: name }), subject)
  const ways = waysTo(ladder, 'dns-service')
  const failing = new Set(ways.filter((way) => !isAnswered(way)).map(({ node }) => node))
  const asked = new Set(ways.map(({ node }) => node))
  const expected = without.filter((node) => asked.has(node))
  const reached = expected.filter((node) => !failing.has(node))
  if (expected.length > 0 && reached.length === expected.length) {
    return excluded(line('observed', 'answers', { service: name, nodes: reached }), subject)
  }
  const isSame = expected.length > 0 && failing.size === expected.length && reached.length === 0
  const finding = {
    subject,
    objects: [serviceRef(service, 'spec.internalTrafficPolicy')],
    values: { service: name, nodes: isSame ? expected : without },
    ...(isSame ? {} : { summary: 'not-compared' }),
    evidence: [
      line('stated', 'local', { service: name }),
      line('observed', 'endpoints-on', { nodes: [...having], without }),
      ...(isSame
        ? [line('observed', 'same-set', { nodes: expected, fine: [...asked].filter((node) => !failing.has(node)) })]
        : []),
    ],
    fix: {
      key: 'internal-traffic-policy-local',
      values: { service: name },
      command: `kubectl -n ${meta.namespace} patch service ${meta.name} -p '{"spec":{"internalTrafficPolicy":"Cluster"}}'`,
    },
    isFault: false,
    explains: failedIds(
      ladder,
      ({ hop, fromNode = '' }) =>
        without.includes(fromNode) && (hop.kind === 'dns-service' || hop.kind === 'node-cache'),
    ),
  }
  return isSame
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('internal-traffic-policy-local.missing-nodes', { nodes: without })],
      }
}
