// CoreDNS cannot reach the API server: it has no objects, and says SERVFAIL to cluster names.
import type { ClusterFacts } from '../../facts/index.ts'
import { phrase, sumSamples } from '../../ladder/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { logEvidence, replicaName, signsOfReplicas } from '../coredns-support.ts'
import type { LogSighting } from '../coredns-support.ts'
import { excluded, findScrape, notChecked, objectRef } from '../support.ts'
import { readyRung, rungsWithoutObjects, waitingLines, waitingReplicas } from './waiting-replicas.ts'

const REQUESTS = 'coredns_kubernetes_rest_client_requests_total'

export const apiServerUnreachable: Cause = {
  code: 'api-server-unreachable',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { replicas } = facts.dns
  if (replicas.length === 0) return notChecked('not-checked.no-replicas')
  const waiting = waitingReplicas(facts, ladder)
  const dials = failedDials(facts, ladder)
  if (waiting.length === 0 && dials.length === 0) {
    const asked = replicas.filter((replica) => readyRung(ladder, replica) !== undefined)
    if (asked.length === 0) return notChecked('not-checked.ready-not-asked')
    return excluded(line('observed', 'synced', { count: asked.length }))
  }
  const refused = signsOfReplicas(ladder, 'forbidden')
  if (dials.length === 0 && refused.length > 0) {
    return excluded(
      line('observed', 'refused', { server: refused[0]?.server ?? '', text: refused[0]?.finding.line ?? '' }),
    )
  }
  const names = new Set([...waiting.map(({ replica }) => replicaName(replica)), ...notReady(facts, dials)])
  const errors = errorLines(ladder, names)
  const [server = dials[0]?.server ?? ''] = names
  const nodes = [...new Set(replicas.filter((replica) => names.has(replicaName(replica))).map(({ node }) => node))]
  const finding = {
    subject: { kind: 'pod' as const, name: server },
    objects: [...names].map((name) => objectRef('Pod', name)),
    values: { servers: [...names], nodes },
    evidence: [...waitingLines(waiting), ...logEvidence(dials).slice(0, 2), ...errors.slice(0, 1)],
    fix: {
      key: 'api-server-unreachable',
      values: { nodes },
      command: [
        `# on ${nodes[0] ?? 'the node'}: the address that CoreDNS dials`,
        `curl -k https://${dials[0]?.finding.values['to'] ?? apiAddress(facts)}/healthz`,
        `kubectl -n kube-system get pod -o wide --field-selector spec.nodeName=${nodes[0] ?? 'NODE'}`,
      ].join('\n'),
    },
    isFault: true,
    explains: rungsWithoutObjects(facts, ladder, names),
  }
  const reason = dials.some(({ server: own }) => names.has(own)) || errors.length > 0
  if (waiting.length > 0 && reason) return { status: 'proven', ...finding }
  const missing = waiting.length === 0 ? 'missing-ready' : 'missing-log'
  return { status: 'suspected', ...finding, missing: [phrase(`api-server-unreachable.${missing}`, { server })] }
}

/** Lines about connections to the API server: to its Service, or to port 443 or 6443 wherever that is. */
function failedDials(facts: ClusterFacts, ladder: Ladder): LogSighting[] {
  const own = apiAddress(facts)
  return signsOfReplicas(ladder, 'dial-failed').filter(({ finding }) => {
    const { to = '' } = finding.values
    return to === own || /:(443|6443)$/.test(to)
  })
}

function apiAddress({ objects }: ClusterFacts): string {
  const service = objects.services.find(({ meta }) => meta.namespace === 'default' && meta.name === 'kubernetes')
  return `${service?.clusterIPs[0] ?? '10.96.0.1'}:${service?.ports[0]?.port ?? 443}`
}

/** A line may be from before: it counts for a replica that is not ready. */
function notReady({ dns }: ClusterFacts, dials: readonly LogSighting[]): string[] {
  const logged = new Set(dials.map(({ server }) => server))
  return dns.replicas
    .filter(({ ready }) => !ready)
    .map(replicaName)
    .filter((name) => logged.has(name))
}

function errorLines(ladder: Ladder, names: ReadonlySet<string>): EvidenceLine[] {
  return [...names].flatMap((server) => {
    const scrape = findScrape(ladder, server)
    const count = (scrape && sumSamples(scrape.second ?? scrape.first, REQUESTS, { code: '<error>' })) ?? 0
    return count > 0 ? [line('observed', 'errors', { server, count })] : []
  })
}
