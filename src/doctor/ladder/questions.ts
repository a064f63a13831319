// The questions every cluster can answer, and the one the user asks.
import { isSubdomain, parseName, reverseName } from '../../dns/index.ts'
import type { DomainName, RRType } from '../../dns/message.ts'
import { readKubernetesOptions } from '../../route/index.ts'
import type { ClusterFacts } from '../facts/index.ts'
import type { PlanOptions } from './plan-options.ts'
import type { Expectation, Purpose } from './rung.ts'

export interface PlannedQuestion {
  readonly purpose: Purpose
  readonly name: DomainName
  readonly type: RRType
  readonly expected: Expectation
  /** See {@link RungQuestion}. */
  readonly udpPayloadSize?: number
  /** Tells rungs apart that only differ in what they ask: part of the rung's id. */
  readonly variant?: string
}

/** The PTR record of the kubernetes Service's address; where reverse zones are not served, its address. */
export function canaryQuestion(facts: ClusterFacts, { expect }: PlanOptions): PlannedQuestion {
  const domain = parseName(facts.dns.clusterDomain.value)
  const kubernetes = facts.objects.services.find(
    ({ meta }) => meta.namespace === 'default' && meta.name === 'kubernetes',
  )
  const address = kubernetes?.clusterIPs[0]
  const reverse = address === undefined ? undefined : reverseName(address)
  if (reverse !== undefined && servesName(facts, reverse)) {
    return { purpose: 'canary', name: reverse, type: 'PTR', expected: expect(reverse, 'PTR') }
  }
  const name = `kubernetes.default.svc.${domain}`
  const expected: Expectation = kubernetes === undefined ? { kind: 'answer', mustExist: true } : expect(name, 'A')
  return { purpose: 'canary', name, type: 'A', expected }
}

/** The version of the DNS schema (specification 1.1.0, section 2.2). */
export function versionQuestion(facts: ClusterFacts, { expect }: PlanOptions): PlannedQuestion {
  const name = `dns-version.${parseName(facts.dns.clusterDomain.value)}`
  return { purpose: 'version', name, type: 'TXT', expected: expect(name, 'TXT') }
}

/** A name outside the cluster. */
export function externalQuestion({ externalName, externalMustExist }: PlanOptions): PlannedQuestion {
  const expected: Expectation = { kind: 'answer', mustExist: externalMustExist }
  return { purpose: 'external', name: externalName, type: 'A', expected }
}

/** The name that the user asks about; undefined when there is none. */
export function askedQuestion({ asked, expect }: PlanOptions): PlannedQuestion | undefined {
  if (asked === undefined) return undefined
  const expected: Expectation = asked.inCluster ? expect(asked.name, asked.type) : { kind: 'answer', mustExist: true }
  return { purpose: 'asked', name: asked.name, type: asked.type, expected }
}

/** Whether the Corefile's `kubernetes` directive holds a name; true when no Corefile was seen. */
function servesName(facts: ClusterFacts, name: DomainName): boolean {
  const { corefile } = facts.dns
  if (corefile === undefined || corefile.error !== undefined) return true
  return corefile.blocks.some((block) =>
    readKubernetesOptions(block)?.schema.zones.some((zone) => isSubdomain(name, zone)),
  )
}
