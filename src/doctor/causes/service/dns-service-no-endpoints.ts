// The DNS Service has no ready endpoint: kube-proxy has nowhere to send a query to.
import type { DnsReplica } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
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
  const age = startingFor(notReady, facts.collectedAt)
  const isStarting = age !== undefined && notReady.length === replicas.length
  const finding = {
    subject,
    objects: [serviceRef(service), ...notReady.map(({ pod }) => podRef(pod, 'status.conditions'))],
    values: {
      service: name,
      address: service.clusterIPs.join(', '),
      ...(isStarting ? { count: notReady.length, seconds: age } : {}),
    },
    ...(isStarting ? { summary: 'starting' } : {}),
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
      key: isStarting ? 'dns-service-no-endpoints.starting' : 'dns-service-no-endpoints',
      values: { service: name },
      command: [
        `kubectl -n ${namespace} get pod -l ${dnsSelector(service.service)} -o wide`,
        ...crashed.map(({ pod }) => `kubectl -n ${namespace} logs ${pod.meta.name} --previous`),
        replicas.length === 0
          ? `kubectl -n ${namespace} scale deployment/coredns --replicas=2`
          : isStarting
            ? `kubectl -n ${namespace} rollout status deployment/${deploymentOf(replicas[0]?.pod.meta.owner?.name)}`
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
  return isStarting
    ? {
        status: 'suspected',
        ...finding,
        missing: [phrase('dns-service-no-endpoints.missing-time', { seconds: STARTING_S })],
      }
    : { status: 'proven', ...finding }
}

/** Within it a pod that is not ready is no fault yet: images load, CoreDNS waits for the API server, probes have their period. */
const STARTING_S = 30

/** Seconds since the oldest of them was started, where all are new and none has ended yet; undefined otherwise. */
function startingFor(notReady: readonly DnsReplica[], collectedAt: string): number | undefined {
  const ages = notReady.map(({ pod }) => {
    const hasEnded = pod.containerStatuses.some(({ restartCount }) => restartCount > 0)
    // The clocks of two machines: what seems to be in the future has begun just now.
    return hasEnded || pod.startTime === undefined
      ? Infinity
      : Math.max(0, Date.parse(collectedAt) - Date.parse(pod.startTime)) / 1000
  })
  const oldest = Math.max(...ages)
  return ages.length > 0 && oldest < STARTING_S ? Math.round(oldest) : undefined
}

function stateOf({ phase, containerStatuses }: Evidence['facts']['objects']['pods'][number]): string {
  const waiting = containerStatuses.find(({ ready }) => !ready)
  if (waiting === undefined) return phase
  const { state, lastTerminationReason } = waiting
  return lastTerminationReason === undefined ? state : `${state} (${lastTerminationReason})`
}
