// The DNS Service has no ready endpoint: kube-proxy has nowhere to send a query to.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  countEndpoints,
  excluded,
  failedIds,
  notChecked,
  podRef,
  qualifiedName,
  readyEndpoints,
  serviceRef,
} from '../support.ts'
import { clusterNameRungs, deploymentOf, dnsSelector } from '../service-support.ts'

export const dnsServiceNoEndpoints: Cause = {
  code: 'dns-service-no-endpoints',
  needs: ['dns-service', 'endpoint-slices'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { service, replicas } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const name = qualifiedName(service.service)
  const subject = { kind: 'service', name } as const
  const ready = readyEndpoints(service)
  if (ready.length > 0) {
    return excluded(line('observed', 'ready', { service: name, count: ready.length }), subject)
  }
  // A node cache may listen on the Service IP itself: then what answers there says nothing of the Service.
  const cached = new Set(facts.dns.nodeCaches.flatMap(({ localIPs }) => localIPs))
  const answered = ladder.rungs.find(
    ({ hop, to, result }) => hop.kind === 'dns-service' && result === 'ok' && !cached.has(to.address),
  )
  if (answered !== undefined) return excluded(line('observed', 'answers', { service: name }), subject)
  const all = countEndpoints(service)
  const { namespace } = service.service.meta
  const notReady = replicas.filter((replica) => !replica.ready)
  const crashed = notReady
    .filter(({ pod }) => pod.containerStatuses.some(({ ready, restartCount }) => !ready && restartCount > 0))
    .slice(0, 1)
  return {
    status: 'proven',
    subject,
    objects: [serviceRef(service), ...notReady.map(({ pod }) => podRef(pod, 'status.conditions'))],
    values: { service: name, address: service.clusterIPs.join(', ') },
    evidence: [
      all === 0
        ? line('observed', 'empty', { service: name, slices: service.slices.length })
        : line('observed', 'none-ready', { service: name, count: all }),
      replicas.length === 0
        ? line('observed', 'no-pods', { selector: dnsSelector(service.service) })
        : line('observed', 'pods', {
            count: replicas.length,
            ready: replicas.length - notReady.length,
            states: replicas.map(({ pod }) => `${pod.meta.name} ${stateOf(pod)}`),
          }),
    ],
    fix: {
      key: 'dns-service-no-endpoints',
      values: { service: name },
      command: [
        `kubectl -n ${namespace} get pod -l ${dnsSelector(service.service)} -o wide`,
        ...crashed.map(({ pod }) => `kubectl -n ${namespace} logs ${pod.meta.name} --previous`),
        replicas.length === 0
          ? `kubectl -n ${namespace} scale deployment/coredns --replicas=2`
          : `kubectl -n ${namespace} rollout restart deployment/${deploymentOf(replicas[0]?.pod.meta.owner?.name)}`,
      ].join('\n'),
    },
    isFault: true,
    explains: failedIds(
      ladder,
      (rung) =>
        rung.hop.kind === 'dns-service' ||
        clusterNameRungs(rung) ||
        notReady.some(({ pod }) => rung.hop.name === qualifiedName(pod)),
    ),
  }
}

function stateOf({ phase, containerStatuses }: Evidence['facts']['objects']['pods'][number]): string {
  const waiting = containerStatuses.find(({ ready }) => !ready)
  if (waiting === undefined) return phase
  const { state, lastTerminationReason } = waiting
  return lastTerminationReason === undefined ? state : `${state} (${lastTerminationReason})`
}
