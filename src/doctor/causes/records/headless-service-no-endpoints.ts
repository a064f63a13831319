// A headless Service has no address of its own: without a ready endpoint its name does not exist.
import { matchesSelector } from '../../../kube/objects/index.ts'
import type { Pod } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  explainsAskedName,
  findService,
  isHeadless,
  nameSubject,
  namespaced,
  judgeAskedService,
  slicesOf,
} from './asked-service.ts'
import type { AskedService } from './asked-service.ts'
import { excluded } from '../support.ts'

export const headlessServiceNoEndpoints: Cause = {
  code: 'headless-service-no-endpoints',
  needs: ['asked-name', 'services', 'endpoint-slices'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

function judge(asked: AskedService, evidence: Evidence): Judgement {
  const { facts } = evidence
  const subject = nameSubject(asked)
  const name = `${asked.namespace}/${asked.service}`
  const service = findService(facts, asked.namespace, asked.service)
  if (service === undefined) return excluded(line('observed', 'no-service', { service: name }), subject)
  if (!isHeadless(service)) {
    return excluded(line('observed', 'has-address', { service: name, address: service.clusterIPs.join(', ') }), subject)
  }
  const endpoints = slicesOf(facts, service).flatMap((slice) => slice.endpoints)
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  if (ready.length > 0) {
    return excluded(line('observed', 'ready', { service: name, count: ready.length }), subject)
  }
  if (service.publishNotReadyAddresses && endpoints.length > 0) {
    return excluded(line('stated', 'publishes-not-ready', { service: name }), subject)
  }
  const selector = service.selector ?? {}
  const selected = facts.objects.pods.filter(
    ({ meta }) => meta.namespace === asked.namespace && matchesSelector(selector, meta.labels),
  )
  return {
    status: 'proven',
    subject,
    objects: [
      namespaced('Service', asked.namespace, asked.service, 'spec.clusterIP'),
      ...selected.slice(0, 5).map(({ meta }) => namespaced('Pod', meta.namespace, meta.name, 'status.conditions')),
    ],
    values: { service: name, count: endpoints.length },
    evidence: [
      line('observed', 'headless', { service: name }),
      endpoints.length > 0
        ? line('observed', 'none-ready', { service: name, count: endpoints.length })
        : line('observed', 'empty', { service: name, count: service.selector === undefined ? 0 : selected.length }),
      ...selected
        .filter((pod) => !pod.ready)
        .slice(0, 3)
        .map((pod) => line('observed', 'pod-not-ready', { pod: pod.meta.name, state: stateOf(pod) })),
      line('stated', 'not-published', { service: name }),
    ],
    fix: {
      key: endpoints.length > 0 ? 'headless.publish' : 'headless.selector',
      values: { service: name },
      command:
        endpoints.length > 0
          ? `${describePods(asked.namespace, selected)}# or: kubectl -n ${asked.namespace} patch service ${asked.service} -p '{"spec":{"publishNotReadyAddresses":true}}'`
          : `kubectl -n ${asked.namespace} get pod --show-labels; kubectl -n ${asked.namespace} get service ${asked.service} -o wide`,
    },
    isFault: true,
    explains: explainsAskedName(evidence),
  }
}

/** Looking at the pods comes before publishing what is not ready. */
function describePods(namespace: string, pods: readonly Pod[]): string {
  const names = pods.filter(({ ready }) => !ready).map(({ meta }) => meta.name)
  return names.length === 0 ? '' : `kubectl -n ${namespace} describe pod ${names.slice(0, 3).join(' ')}\n`
}

/** The container that is not ready, and the condition that says why. */
function stateOf({ phase, conditions, containerStatuses }: Pod): string {
  const waiting = containerStatuses.find(({ ready }) => !ready)
  const condition = conditions.find(({ type, status, reason }) => type === 'Ready' && status !== 'True' && reason)
  const state = waiting === undefined ? phase : `${waiting.name} ${waiting.state}`
  return condition === undefined ? state : `${state}, ${condition.reason ?? ''}: ${condition.message ?? ''}`
}
