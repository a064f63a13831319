// What the schema says that a question should bring: the one place where the ladder asks it.
import { formatRData, isSubdomain, parseName } from '../../dns/index.ts'
import type { DomainName, RRType } from '../../dns/message.ts'
import { ClusterIndex, DEFAULT_SCHEMA_OPTIONS, OFFLINE_ENV, resolve } from '../../kube/schema/index.ts'
import type { SchemaAnswer } from '../../kube/schema/index.ts'
import { readKubernetesOptions } from '../../route/index.ts'
import type { KubernetesOptions } from '../../route/index.ts'
import type { ClusterFacts } from '../facts/index.ts'
import type { Expectation } from './rung.ts'

/** Gives the expected answer to a question; names outside the cluster's zones expect any answer. */
export type Expect = (name: DomainName, type: RRType) => Expectation

/** What the schema itself says, with the reasons. */
export type Explain = (name: DomainName, type: RRType) => SchemaAnswer

const ANY_ANSWER: Expectation = { kind: 'answer', mustExist: false }

/** Builds the schema of a cluster once, for any number of questions. */
export function createExplain(facts: ClusterFacts): Explain {
  const { schema, labels, namespaceLabels } = optionsOf(facts)
  const index = new ClusterIndex({ labels, namespaceLabels })
  const { namespaces, services, endpointSlices, pods, serviceImports } = facts.objects
  for (const object of [...namespaces, ...services, ...endpointSlices, ...serviceImports]) index.apply(object)
  if (schema.pods === 'verified' || schema.endpointPodNames) for (const pod of pods) index.apply(pod)
  return (name, type) => resolve(index, { name, type }, schema, OFFLINE_ENV)
}

/** Turns the schema's answers into expectations; where the objects were not seen, any answer is as expected. */
export function createExpect(facts: ClusterFacts, explain: Explain = createExplain(facts)): Expect {
  const { fallthrough = [] } = optionsOf(facts)
  const isBlind = facts.missing.some(({ what }) => ['services', 'endpointSlices', 'namespaces'].includes(what))
  return (name, type) => {
    if (isBlind) return ANY_ANSWER
    const answer = explain(name, type)
    switch (answer.kind) {
      case 'records':
        return {
          kind: 'records',
          rcode: 'NOERROR',
          records: answer.answer.map(({ rdata }) => formatRData(rdata)).sort(),
          ...(answer.answer[0] === undefined ? {} : { ttl: answer.answer[0].ttl }),
        }
      case 'delegate':
        // Many names outside have no IPv6 address: that is no failure of the cluster.
        return { kind: 'answer', mustExist: true, ...(type === 'AAAA' ? {} : { needsAddress: true }) }
      case 'nodata':
        return { kind: 'records', rcode: 'NOERROR', records: [], ttl: answer.soa.ttl }
      case 'nxdomain':
        return fallthrough.some((zone) => isSubdomain(name, zone))
          ? ANY_ANSWER
          : { kind: 'records', rcode: 'NXDOMAIN', records: [], ttl: answer.soa.ttl }
      case 'refused':
      case 'unsynced':
      case 'not-in-zone':
        return ANY_ANSWER
    }
  }
}

function optionsOf(facts: ClusterFacts): KubernetesOptions {
  for (const block of facts.dns.corefile?.blocks ?? []) {
    const options = readKubernetesOptions(block)
    if (options !== undefined) return options
  }
  const zones = [parseName(facts.dns.clusterDomain.value), 'in-addr.arpa.', 'ip6.arpa.']
  return { schema: { ...DEFAULT_SCHEMA_OPTIONS, zones } }
}
