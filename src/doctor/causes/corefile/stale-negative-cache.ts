// A cache still says that a name does not exist: it was asked for before its Service was there (RFC 2308).
import { readKubernetesOptions } from '../../../route/index.ts'
import type { Service } from '../../../kube/objects/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { phrase, sumSamples } from '../../ladder/index.ts'
import type { Phrase, Rung } from '../../ladder/index.ts'
import { explainsAskedName, findService, judgeAskedService, nameSubject, namespaced } from '../records/asked-service.ts'
import type { AskedService } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { passesReplicas } from '../coredns-support.ts'
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
  const denial = denying.find(({ observed }) => observed.kind === 'response' && (observed.soaTtl ?? fresh) < fresh)
  if (denial === undefined || denial.observed.kind !== 'response') {
    return excluded(line('observed', 'fresh-denial', { name: asked.name, ttl: fresh }), subject)
  }
  const positive = rungs.find((rung) => rung.result === 'ok' && rung.hop.kind === 'replica')
  const scrape = findScrape(ladder, denial.hop.name)
  const hits = scrape && sumSamples(scrape.second ?? scrape.first, 'coredns_cache_hits_total', { type: 'denial' })
  const service = findService(facts, asked.namespace, asked.service)
  const ageS = ageOf(service, facts)
  const isYoung = ageS !== undefined && ageS <= fresh
  const missing: Phrase[] = [
    ...(positive === undefined ? [phrase('stale-negative-cache.missing-positive', { name: asked.name })] : []),
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
      line('observed', 'denies', {
        server,
        name: asked.name,
        rcode: denial.observed.rcode,
        ttl: denial.observed.soaTtl ?? 0,
        fresh,
      }),
      ...(positive === undefined ? [] : [line('observed', 'knows', { server: positive.hop.name, name: asked.name })]),
      ...(ageS === undefined
        ? []
        : [line('observed', 'age', { service: `${asked.namespace}/${asked.service}`, seconds: ageS })]),
      ...((hits ?? 0) > 0 ? [line('observed', 'hits', { server, count: hits ?? 0 })] : []),
    ],
    fix: {
      key: 'stale-negative-cache',
      values: { seconds: denial.observed.soaTtl ?? 0 },
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
