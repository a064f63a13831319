// kube-dns' dnsmasq refuses queries because 150 wait for an upstream.
import { findInLogs } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { isForwardedQuestion, passesReplicas } from '../coredns-support.ts'
import { excluded, failedIds, notChecked, objectRef } from '../support.ts'

export const dnsmasqConcurrentQueryLimit: Cause = {
  code: 'dnsmasq-concurrent-query-limit',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder, asked }: Evidence): Judgement {
  const replica = facts.dns.replicas.find(({ pod }) =>
    pod.spec.containers.some(({ name, image }) => /dnsmasq/.test(`${name} ${image}`)),
  )
  if (replica === undefined) return excluded(line('observed', 'no-dnsmasq', {}))
  const said = findInLogs(ladder.logs, 'dnsmasq-limit')
  const [first] = said
  if (first === undefined) {
    return ladder.logs.length === 0
      ? notChecked('not-checked.no-dnsmasq-log')
      : excluded(line('observed', 'not-reached', { count: ladder.logs.length }))
  }
  const explains = failedIds(ladder, (rung) => {
    const { observed } = rung
    if (!isForwardedQuestion(rung) || !passesReplicas(rung)) return false
    return (
      observed.kind === 'timeout' || (observed.kind === 'response' && ['REFUSED', 'SERVFAIL'].includes(observed.rcode))
    )
  })
  const { max = '' } = first.finding.values
  const container = replica.pod.spec.containers.find(({ name, image }) => /dnsmasq/.test(`${name} ${image}`))
  const [namespace = '', pod = ''] = first.hop.name.split('/')
  const isAsked = asked !== undefined && explains.some((id) => id.includes('/asked/'))
  return {
    status: 'proven',
    subject: { kind: 'pod', name: first.hop.name },
    objects: said.map(({ hop }) => objectRef('Pod', hop.name)),
    values: { max, server: first.hop.name },
    evidence: [
      ...said
        .slice(0, 2)
        .map(({ hop, finding }) =>
          line('observed', 'log', { server: hop.name, count: finding.count, text: finding.line }),
        ),
      line('observed', 'image', { server: first.hop.name, image: container?.image ?? '' }),
      ...(explains.length > 0 ? [line('observed', 'fails', { count: explains.length })] : []),
    ],
    fix: {
      key: 'dnsmasq-concurrent-query-limit',
      values: { max },
      command: `kubectl -n ${namespace} logs ${pod} -c ${container?.name ?? 'dnsmasq'} --tail=20\nkubectl -n ${namespace} edit deployment kube-dns   # dnsmasq: --dns-forward-max=1000`,
    },
    isFault: false,
    explains: [...explains, ...(isAsked ? [ASKED_NAME] : [])],
  }
}
