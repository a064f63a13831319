// CoreDNS has no file descriptor or port left for another query to an upstream.
import { descriptorUsage, findInLogs, isOutOfDescriptors, phrase } from '../../ladder/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { isForwardedQuestion, logEvidence, passesReplicas } from '../coredns-support.ts'
import type { LogSighting } from '../coredns-support.ts'
import { excluded, failedIds, findScrape, notChecked, objectRef } from '../support.ts'

export const corednsSocketsExhausted: Cause = {
  code: 'coredns-sockets-exhausted',
  needs: [],
  judge(evidence) {
    const { ladder } = evidence
    const said = findInLogs(ladder.logs, 'sockets-exhausted').map(({ hop, finding }) => ({ server: hop.name, finding }))
    const full = ladder.scrapes.filter(isOutOfDescriptors)
    const servers = [...new Set([...said.map(({ server }) => server), ...full.map(({ hop }) => hop.name)])]
    if (servers.length > 0) return servers.map((server) => judgeServer(evidence, server, said))
    const known = ladder.scrapes.filter((scrape) => descriptorUsage(scrape) !== undefined)
    if (known.length === 0) return [notChecked('not-checked.no-descriptors')]
    const most = Math.max(...known.map((scrape) => descriptorUsage(scrape)?.share ?? 0))
    return [excluded(line('observed', 'free', { count: known.length, percent: Math.round(most * 100) }))]
  },
}

function judgeServer({ ladder }: Evidence, server: string, all: readonly LogSighting[]): Judgement {
  const said = all.filter((sighting) => sighting.server === server)
  const scrape = findScrape(ladder, server)
  const usage = scrape && descriptorUsage(scrape)
  const isFull = scrape !== undefined && isOutOfDescriptors(scrape)
  const explains = unansweredIds(ladder, server)
  const finding = {
    subject: { kind: 'pod' as const, name: server },
    objects: [objectRef('Pod', server)],
    values: { server },
    evidence: [
      ...logEvidence(said).slice(0, 2),
      ...(usage === undefined ? [] : [line('observed', 'descriptors', { server, open: usage.open, max: usage.max })]),
      ...(explains.length > 0 ? [line('observed', 'fails', { server, count: explains.length })] : []),
    ],
    fix: {
      key: 'coredns-sockets-exhausted',
      values: { server },
      command: [
        '# what is slow: the upstreams; "fathom doctor" names a dead one. Then, in the Corefile:',
        '#   forward . … {',
        '#       max_concurrent 1000',
        '#   }',
        `kubectl -n ${server.split('/')[0] ?? 'kube-system'} edit configmap coredns`,
      ].join('\n'),
    },
    isFault: true,
    explains,
  }
  // With none left there is nothing that a log could add: whoever came then was turned away.
  const isEmpty = usage !== undefined && usage.open >= usage.max && explains.length > 0
  if ((said.length > 0 && isFull) || isEmpty) return { status: 'proven', ...finding }
  const missing = isFull ? 'missing-log' : 'missing-descriptors'
  return { status: 'suspected', ...finding, missing: [phrase(`coredns-sockets-exhausted.${missing}`, { server })] }
}

/** Questions that it has no socket to ask upstreams with, and connections that it has none to accept with. */
function unansweredIds(ladder: Ladder, server: string): string[] {
  const isReplica = ladder.scrapes.some(({ hop }) => hop.name === server && hop.kind === 'replica')
  return failedIds(ladder, (rung) => {
    const { hop, observed, transport } = rung
    if (!passesReplicas(rung) || (hop.name !== server && (!isReplica || hop.kind === 'replica'))) return false
    const isUnanswered = observed.kind === 'timeout' || (observed.kind === 'response' && observed.rcode === 'SERVFAIL')
    const isUnconnected = transport !== 'udp' && ['closed', 'timeout', 'unreachable'].includes(observed.kind)
    // To a node cache all questions are forwarded ones.
    return isUnconnected || (isUnanswered && (hop.kind === 'node-cache' || isForwardedQuestion(rung)))
  })
}
