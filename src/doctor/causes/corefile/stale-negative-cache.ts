// A cache still says that a name does not exist: it was asked for before its Service was there (RFC 2308).
import { readKubernetesOptions } from '../../../route/index.ts'
import type { Service } from '../../../kube/objects/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { phrase, sumSamples } from '../../ladder/index.ts'
import type { Ladder, Phrase, Rung } from '../../ladder/index.ts'
import {
  explainsAskedName,
  findService,
  judgeAskedService,
  nameSubject,
  namespaced,
  shownName,
} from '../records/asked-service.ts'
import type { AskedService } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { countsDown, passesReplicas } from '../coredns-support.ts'
import { excluded, findScrape, notChecked } from '../support.ts'

export const staleNegativeCache: Cause = {
  code: 'stale-negative-cache',
  needs: ['asked-name', 'probes'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

function judge(asked: AskedService, evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const subject = nameSubject(asked)
  const rungs = ladder.rungs.filter(
    (rung) => rung.purpose === 'asked' && rung.result !== 'skipped' && passesReplicas(rung),
  )
  if (rungs.length === 0) return notChecked('not-checked.name-not-asked', { name: asked.name }, subject)
  const denying = rungs.filter(isDenial)
  if (denying.length === 0) return excluded(line('observed', 'not-denied', { name: asked.name }), subject)
  const fresh = freshTtl(facts)
  // Without an SOA record a denial tells nothing of its age, and no cache keeps it (RFC 2308 section 5).
  const [denial] = denying
    .filter(({ observed }) => observed.kind === 'response' && observed.soaTtl !== undefined)
    .filter((rung) => soaTtlOf(rung) < fresh || countsDown(ladder, rung, soaTtlOf))
    .toSorted((a, b) => soaTtlOf(b) - soaTtlOf(a))
  if (denial === undefined || denial.observed.kind !== 'response') {
    return excluded(line('observed', 'fresh-denial', { name: asked.name, ttl: fresh }), subject)
  }
  const positive = rungs.find((rung) => rung.result === 'ok' && rung.hop.kind === 'replica')
  const otherType = otherTypeOf(ladder, denial)
  const scrape = findScrape(ladder, denial.hop.name)
  const hits = scrape && sumSamples(scrape.second ?? scrape.first, 'coredns_cache_hits_total', { type: 'denial' })
  const service = findService(facts, asked.namespace, asked.service)
  const ageS = ageOf(service, facts)
  // What is left of the denial's TTL is less than all of it.
  const isYoung = ageS !== undefined && ageS <= Math.max(fresh, soaTtlOf(denial))
  const missing: Phrase[] = [
    ...(positive === undefined && otherType === undefined
      ? [phrase('stale-negative-cache.missing-positive', { name: asked.name })]
      : []),
    ...((hits ?? 0) > 0 ? [] : [phrase('stale-negative-cache.missing-hits', { server: denial.hop.name })]),
    ...(isYoung ? [] : [phrase('stale-negative-cache.missing-age', { name: asked.name, ttl: fresh })]),
  ]
  const server = denial.hop.name
  const finding = {
    subject,
    objects: [
      namespaced('Service', asked.namespace, asked.service, 'metadata.creationTimestamp'),
      namespaced('Pod', server.split('/')[0] ?? '', server.split('/')[1] ?? server),
    ],
    values: { name: asked.name, server },
    evidence: [
      line('observed', soaTtlOf(denial) < fresh ? 'denies' : 'counts-down', {
        server,
        name: asked.name,
        rcode: denial.observed.rcode,
        ttl: soaTtlOf(denial),
        fresh,
      }),
      ...(positive === undefined ? [] : [line('observed', 'knows', { server: positive.hop.name, name: asked.name })]),
      ...(positive !== undefined || otherType === undefined ? [] : [line('observed', 'knows-type', otherType)]),
      ...(ageS === undefined
        ? []
        : [line('observed', 'age', { service: `${asked.namespace}/${asked.service}`, seconds: ageS })]),
      ...((hits ?? 0) > 0 ? [line('observed', 'hits', { server, count: hits ?? 0 })] : []),
    ],
    fix: {
      key: 'stale-negative-cache',
      values: { seconds: soaTtlOf(denial) },
      command: [
        '# in the server block of the cluster zone, of the Corefile whose server denies it:',
        '#   cache 30 {',
        '#       denial 9984 5',
        '#   }',
      ].join('\n'),
    },
    isFault: false,
    explains: explainsAskedName(evidence).filter(
      (id) => !ladder.rungs.some((rung) => rung.id === id && !isDenial(rung)),
    ),
  }
  return missing.length === 0 ? { status: 'proven', ...finding } : { status: 'suspected', ...finding, missing }
}

/** It denies what the objects give. */
function isDenial({ expected, observed, result }: Rung): boolean {
  if (result !== 'failed' || observed.kind !== 'response' || expected.kind !== 'records') return false
  return expected.records.length > 0 && observed.recordCount === 0 && ['NOERROR', 'NXDOMAIN'].includes(observed.rcode)
}

function soaTtlOf({ observed }: Rung): number {
  return observed.kind === 'response' ? (observed.soaTtl ?? 0) : 0
}

/** A replica that has the name when it is asked for a type that its cache does not hold a denial of. */
function otherTypeOf({ rungs }: Ladder, { question }: Rung): Readonly<Record<string, string>> | undefined {
  const found = rungs.find(
    ({ hop, purpose, question: other, observed }) =>
      hop.kind === 'replica' &&
      (purpose === 'again' || purpose === 'families') &&
      other.kind === 'dns' &&
      question.kind === 'dns' &&
      other.name === question.name &&
      other.type !== question.type &&
      observed.kind === 'response' &&
      observed.rcode === 'NOERROR',
  )
  if (found?.question.kind !== 'dns') return undefined
  return { server: found.hop.name, name: shownName(found.question.name), type: found.question.type }
}

/** TTL of the SOA record that kubernetes gives with a denial: its `ttl`. */
function freshTtl({ dns }: ClusterFacts): number {
  for (const block of dns.corefile?.blocks ?? []) {
    const options = readKubernetesOptions(block)
    if (options !== undefined) return options.schema.ttl
  }
  return 5
}

function ageOf(service: Service | undefined, { collectedAt }: ClusterFacts): number | undefined {
  const created = Date.parse(service?.meta.creationTimestamp ?? '')
  return Number.isNaN(created) ? undefined : Math.round((Date.parse(collectedAt) - created) / 1000)
}
