// An address behind several Services has a PTR record for each of them; older servers gave only some of these.
import { addressFromReverse, formatRData } from '../../../dns/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { ResponseSummary, Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement, Subject } from '../judgement.ts'
import { askedRungs, excluded, objectRef } from '../support.ts'
import { shownName } from './asked-service.ts'

export const multiplePtrRecords: Cause = {
  code: 'multiple-ptr-records',
  needs: ['asked-name', 'services', 'endpoint-slices'],
  judge: (evidence) => [judge(evidence)],
}

function judge(evidence: Evidence): Judgement {
  const { asked, explain, facts, ladder } = evidence
  const address = asked?.type === 'PTR' ? addressFromReverse(asked.name) : undefined
  const subject: Subject = { kind: 'name', name: address ?? shownName(asked?.name ?? '') }
  if (asked === undefined || address === undefined) {
    return excluded(line('computed', 'no-address', { name: subject.name }), subject)
  }
  const answer = explain(asked.name, 'PTR')
  const names = answer.kind === 'records' ? answer.answer.map(({ rdata }) => formatRData(rdata)) : []
  if (names.length < 2) return excluded(line('computed', 'not-several', { address, count: names.length }), subject)
  const services = servicesOf(facts, address)
  const observed = askedRungs(ladder).flatMap((rung) =>
    rung.purpose === 'asked' && rung.observed.kind === 'response' ? [{ rung, response: rung.observed }] : [],
  )
  const partial = observed.filter(({ rung, response }) => rung.result === 'failed' && isPart(response, names))
  const finding = {
    subject,
    objects: services.slice(0, 5).map((service) => objectRef('Service', service, 'spec.selector')),
    values: { address, count: names.length, services },
    ...(partial.length > 0 ? { summary: 'some-only' } : {}),
    evidence: [
      line('observed', 'selected-by', { address, count: services.length, services }),
      line('computed', 'expected', { count: names.length, names: names.map(shownName) }),
      ...(partial.length > 0 ? partial : observed).slice(0, 2).map(seenLine),
    ],
    fix: {
      key: 'multiple-ptr',
      values: { services },
      command: services
        .map((service) => service.split('/'))
        .map(
          ([namespace = '', name = '']) => `kubectl -n ${namespace} get service ${name} -o jsonpath='{.spec.selector}'`,
        )
        .join('\n'),
    },
    isFault: false,
    explains: partial.length > 0 ? [ASKED_NAME, ...partial.map(({ rung }) => rung.id)] : [],
  }
  if (observed.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('multiple-ptr-records.missing-answer', { address })] }
}

/** Services, as `namespace/name`, whose EndpointSlices hold the address; headless or not. */
function servicesOf({ objects }: ClusterFacts, address: string): string[] {
  const slices = objects.endpointSlices.filter(
    ({ service, endpoints }) =>
      service !== '' && endpoints.some(({ addresses, ready }) => ready && addresses.includes(address)),
  )
  return [...new Set(slices.map(({ meta, service }) => `${meta.namespace}/${service}`))].toSorted()
}

/** Nothing but names that belong there, and not all of them. */
function isPart({ rcode, records, tc }: ResponseSummary, names: readonly string[]): boolean {
  return rcode === 'NOERROR' && !tc && records.length > 0 && records.every((record) => names.includes(record))
}

function seenLine({ rung, response }: { readonly rung: Rung; readonly response: ResponseSummary }): EvidenceLine {
  const names = response.records.map(shownName)
  return line('observed', 'answered', { server: rung.hop.name, count: names.length, names })
}
