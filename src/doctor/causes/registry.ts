// Every cause, in the catalogue's order, and how they are asked.
import { phrase } from '../ladder/index.ts'
import type { Phrase } from '../ladder/index.ts'
import type { Cause, Evidence, FactKind } from './cause.ts'
import type { Judgement } from './judgement.ts'
import { CLIENT_CAUSES } from './client/index.ts'
import { COREDNS_PODS_CAUSES } from './coredns-pods/index.ts'
import { COREFILE_CAUSES } from './corefile/index.ts'
import { FALSE_ALARM_CAUSES } from './false-alarm/index.ts'
import { NETWORK_CAUSES } from './network/index.ts'
import { NODE_CACHE_CAUSES } from './node-cache/index.ts'
import { POD_DNS_CAUSES } from './pod-dns/index.ts'
import { RECORDS_CAUSES } from './records/index.ts'
import { SERVICE_CAUSES } from './service/index.ts'
import { withWireEvidence } from './wire-evidence.ts'
import { UPSTREAM_CAUSES } from './upstream/index.ts'

export const CAUSES: readonly Cause[] = [
  ...SERVICE_CAUSES,
  ...COREDNS_PODS_CAUSES,
  ...COREFILE_CAUSES,
  ...UPSTREAM_CAUSES,
  ...POD_DNS_CAUSES,
  ...NETWORK_CAUSES,
  ...NODE_CACHE_CAUSES,
  ...RECORDS_CAUSES,
  ...CLIENT_CAUSES,
  ...FALSE_ALARM_CAUSES,
]

/** Judges every cause; one whose facts are missing is `not-checked`, and why. */
export function judgeAll(evidence: Evidence): { readonly cause: Cause; readonly judgements: readonly Judgement[] }[] {
  return CAUSES.map((cause) => ({
    cause,
    judgements: withWireEvidence(cause.code, judgeCause(cause, evidence), evidence.ladder),
  }))
}

/** Judges one cause. */
export function judgeCause(cause: Cause, evidence: Evidence): readonly Judgement[] {
  for (const kind of cause.needs) {
    const missing = missingFact(kind, evidence)
    if (missing !== undefined) return [{ status: 'not-checked', ...missing }]
  }
  const judgements = cause.judge(evidence)
  return judgements.length > 0 ? judgements : [{ status: 'not-checked', why: phrase('not-checked.nothing-to-judge') }]
}

/** Which of the facts' lists a kind stands for. */
const LISTS: Readonly<Partial<Record<FactKind, string>>> = {
  'config-maps': 'configMaps',
  'endpoint-slices': 'endpointSlices',
  nodes: 'nodes',
  pods: 'pods',
  services: 'services',
  'stateful-sets': 'statefulSets',
}

function missingFact(kind: FactKind, evidence: Evidence): { why: Phrase; needs?: Phrase } | undefined {
  const { facts, ladder, asked } = evidence
  switch (kind) {
    case 'asked-name':
      return asked === undefined ? { why: phrase('not-checked.no-name') } : undefined
    case 'dns-service':
      return facts.dns.service === undefined ? { why: phrase('not-checked.no-dns-service') } : undefined
    case 'probes':
      return ladder.rungs.some(({ result }) => result !== 'skipped')
        ? undefined
        : { why: phrase('not-checked.no-probes') }
    default: {
      const missing = facts.missing.find(({ what }) => what === LISTS[kind])
      if (missing === undefined) return undefined
      const why = phrase('not-checked.missing-fact', { what: missing.what, detail: missing.why })
      return { why, needs: phrase('needs.fact', { detail: missing.needs }) }
    }
  }
}
