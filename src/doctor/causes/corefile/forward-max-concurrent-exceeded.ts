// forward refuses queries because as many as `max_concurrent` allows wait for an upstream.
import { counterGrowth, findInLogs, phrase, sumSamples } from '../../ladder/index.ts'
import type { Ladder, Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { isForwardedQuestion, logEvidence } from '../coredns-support.ts'
import { excluded, failedIds, notChecked, objectRef } from '../support.ts'

const REJECTS = 'coredns_forward_max_concurrent_rejects_total'

export const forwardMaxConcurrentExceeded: Cause = {
  code: 'forward-max-concurrent-exceeded',
  needs: [],
  judge(evidence) {
    const { logs, scrapes } = evidence.ladder
    const names = new Set([
      ...findInLogs(logs, 'max-concurrent').map(({ hop }) => hop.name),
      ...scrapes
        .filter(({ first, second }) => (sumSamples(second ?? first, REJECTS) ?? 0) > 0)
        .map(({ hop }) => hop.name),
    ])
    if (names.size > 0) return [...names].map((server) => judgeServer(evidence, server))
    if (scrapes.length === 0) return [notChecked('not-checked.no-metrics')]
    return [excluded(line('observed', 'none-refused', { count: scrapes.length }))]
  },
}

function judgeServer({ ladder, asked }: Evidence, server: string): Judgement {
  const scrape = ladder.scrapes.find(({ hop }) => hop.name === server)
  const total = scrape === undefined ? 0 : (sumSamples(scrape.second ?? scrape.first, REJECTS) ?? 0)
  const growth = scrape === undefined ? 0 : (counterGrowth(scrape, REJECTS) ?? 0)
  const said = findInLogs(ladder.logs, 'max-concurrent', ({ name }) => name === server)
  const max = said[0]?.finding.values['max'] ?? ''
  const explains = refusedIds(ladder, server)
  const isAsked = asked !== undefined && explains.some((id) => id.includes('/asked/'))
  const finding = {
    subject: { kind: 'pod' as const, name: server },
    objects: [objectRef('Pod', server)],
    values: { server, total },
    evidence: [
      ...(growth > 0 ? [line('observed', 'grew', { server, growth })] : []),
      ...logEvidence(said.map(({ finding: own }) => ({ server, finding: own }))),
      ...(growth === 0 && total > 0 ? [line('observed', 'total', { server, total })] : []),
      ...(explains.length > 0 ? [line('observed', 'refused', { server, count: explains.length })] : []),
      ...(max === '' ? [] : [line('observed', 'limit', { max })]),
    ],
    fix: {
      key: 'forward-max-concurrent-exceeded',
      values: {},
      command: [
        `# what is slow: the upstreams of ${server}; "fathom doctor" names a dead one`,
        `kubectl -n ${server.split('/')[0] ?? 'kube-system'} edit configmap coredns`,
        '#   forward . … {',
        '#       max_concurrent 2000',
        '#   }',
      ].join('\n'),
    },
    isFault: growth > 0,
    explains: [...explains, ...(isAsked ? [ASKED_NAME] : [])],
  }
  if (growth > 0 && said.length > 0) return { status: 'proven', ...finding }
  const missing = growth > 0 ? 'missing-log' : 'missing-growth'
  return {
    status: 'suspected',
    ...finding,
    missing: [phrase(`forward-max-concurrent-exceeded.${missing}`, { server })],
  }
}

/** REFUSED, and SERVFAIL up to CoreDNS 1.7; what stands before this server passes both on. */
function refusedIds(ladder: Ladder, server: string): string[] {
  const isReplica = ladder.scrapes.some(({ hop }) => hop.name === server && hop.kind === 'replica')
  const passesOn = ({ hop }: Rung): boolean => isReplica && (hop.kind === 'dns-service' || hop.kind === 'node-cache')
  return failedIds(ladder, (rung) => {
    const { observed, hop } = rung
    if (!isForwardedQuestion(rung) || observed.kind !== 'response') return false
    return ['REFUSED', 'SERVFAIL'].includes(observed.rcode) && (hop.name === server || passesOn(rung))
  })
}
