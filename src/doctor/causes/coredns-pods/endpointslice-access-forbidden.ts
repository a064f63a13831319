// CoreDNS may not read EndpointSlices: its ClusterRole is older than its image.
import type { ClusterFacts } from '../../facts/index.ts'
import { phrase, sumSamples } from '../../ladder/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { logEvidence, replicaName, signsOfReplicas } from '../coredns-support.ts'
import { excluded, findScrape, notChecked, objectRef } from '../support.ts'
import { rungsWithoutObjects, waitingLines, waitingReplicas } from './waiting-replicas.ts'

const GROUP = 'discovery.k8s.io'
const RESOURCE = 'endpointslices'
const RULE = `{"apiGroups":["${GROUP}"],"resources":["${RESOURCE}"],"verbs":["list","watch"]}`

export const endpointsliceAccessForbidden: Cause = {
  code: 'endpointslice-access-forbidden',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { replicas } = facts.dns
  const [replica] = replicas
  if (replica === undefined) return notChecked('not-checked.no-replicas')
  const account = `${replica.pod.meta.namespace}/${replica.pod.spec.serviceAccountName}`
  const roles = rolesOf(facts, account)
  const grants = roles?.some((role) => allows(facts, role))
  const said = signsOfReplicas(ladder, 'forbidden').filter(({ finding }) =>
    (finding.values['resource'] ?? '').startsWith(RESOURCE),
  )
  if (grants === true) return excluded(line('observed', 'allowed', { account }))
  const waiting = waitingReplicas(facts, ladder)
  const counted = countLines(facts, ladder)
  if (said.length === 0) {
    if (grants === undefined) return notChecked('not-checked.no-cluster-roles')
    // CoreDNS up to 1.7 reads Endpoints: it needs no such rule.
    if (waiting.length === 0) return excluded(line('observed', 'not-needed', { account }))
  }
  const names = new Set([...said.map(({ server }) => server), ...waiting.map((each) => replicaName(each.replica))])
  const role = roles?.[0] ?? 'system:coredns'
  const finding = {
    subject: { kind: 'pod' as const, name: [...names][0] ?? replicaName(replica) },
    objects: [objectRef('ClusterRole', role, 'rules'), ...[...names].map((name) => objectRef('Pod', name))],
    values: { account, version: replica.version ?? '' },
    evidence: [
      ...logEvidence(said).slice(0, 2),
      ...(grants === false ? [line('observed', 'no-rule', { account, role })] : []),
      ...counted.slice(0, 1),
      ...waitingLines(waiting),
    ],
    fix: {
      key: 'endpointslice-access-forbidden',
      values: { role },
      command: `kubectl patch clusterrole ${role} --type=json -p '[{"op":"add","path":"/rules/-","value":${RULE}}]'`,
    },
    isFault: true,
    explains: rungsWithoutObjects(facts, ladder, names),
  }
  if (said.length > 0) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('endpointslice-access-forbidden.missing-log')] }
}

/** ClusterRoles that are bound to the account; undefined where roles were not seen. */
function rolesOf({ objects, missing }: ClusterFacts, account: string): string[] | undefined {
  const isBlind = missing.some(({ what }) => what === 'clusterRoles' || what === 'clusterRoleBindings')
  if (isBlind || objects.clusterRoles.length === 0 || objects.clusterRoleBindings.length === 0) return undefined
  return objects.clusterRoleBindings
    .filter(({ subjects }) =>
      subjects.some(({ kind, namespace, name }) => kind === 'ServiceAccount' && `${namespace}/${name}` === account),
    )
    .map(({ role }) => role)
}

function allows({ objects }: ClusterFacts, name: string): boolean {
  const role = objects.clusterRoles.find(({ meta }) => meta.name === name)
  const holds = (list: readonly string[], wanted: string): boolean => list.includes(wanted) || list.includes('*')
  return (role?.rules ?? []).some(
    ({ apiGroups, resources, verbs }) =>
      holds(apiGroups, GROUP) && holds(resources, RESOURCE) && holds(verbs, 'list') && holds(verbs, 'watch'),
  )
}

function countLines({ dns }: ClusterFacts, ladder: Ladder): EvidenceLine[] {
  return dns.replicas.flatMap((replica) => {
    const server = replicaName(replica)
    const scrape = findScrape(ladder, server)
    const name = 'coredns_kubernetes_rest_client_requests_total'
    const count = (scrape && sumSamples(scrape.second ?? scrape.first, name, { code: '403' })) ?? 0
    return count > 0 ? [line('observed', 'counted', { server, count })] : []
  })
}
