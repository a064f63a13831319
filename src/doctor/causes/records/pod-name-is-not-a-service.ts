// POD.NAMESPACE.svc.ZONE: the name has no Service label, so the pod's name is read as a Service's.
import { parseName } from '../../../dns/index.ts'
import type { Pod } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import {
  absenceOf,
  digCommand,
  shownName,
  endpointNameOf,
  explainsAskedName,
  findPod,
  nameSubject,
  namespaced,
  judgeAskedService,
} from './asked-service.ts'
import type { AskedService } from './asked-service.ts'
import { excluded, notChecked } from '../support.ts'

export const podNameIsNotAService: Cause = {
  code: 'pod-name-is-not-a-service',
  needs: ['asked-name', 'services', 'pods'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

function judge(asked: AskedService, evidence: Evidence): Judgement {
  const { facts } = evidence
  const { name, namespace, service } = asked
  const subject = nameSubject(asked)
  if (asked.depth > 0) return excluded(line('computed', 'has-service-label', { name, service }), subject)
  if (absenceOf(asked.answer)?.code !== 'no-service') {
    return excluded(line('computed', 'service-exists', { service: `${namespace}/${service}` }), subject)
  }
  const pod = findPod(facts, namespace, service)
  if (pod === undefined) {
    return facts.objects.pods.length === 0
      ? notChecked('not-checked.no-pods', {}, subject)
      : excluded(line('observed', 'no-such-pod', { pod: `${namespace}/${service}` }), subject)
  }
  const right = endpointNameOf(evidence, pod)
  const dashed = right ?? dashedName(evidence, pod)
  return {
    status: 'proven',
    subject,
    objects: [namespaced('Pod', namespace, service, 'spec.subdomain')],
    values: { name, pod: service, namespace },
    evidence: [
      line('computed', 'read-as-service', { name, service, namespace }),
      line('observed', 'no-service', { service, namespace }),
      line('observed', 'pod-exists', { pod: `${namespace}/${service}`, address: pod.podIPs[0] ?? '-' }),
      ...rightNameLines(pod, right, dashed),
    ],
    fix:
      dashed === undefined
        ? { key: 'pod-name.no-name', values: { pod: service }, command: setSubdomainCommand(pod) }
        : { key: 'pod-name.use', values: { name: dashed }, command: digCommand(evidence, dashed) },
    isFault: true,
    explains: explainsAskedName(evidence),
  }
}

function rightNameLines(pod: Pod, right: string | undefined, dashed: string | undefined): EvidenceLine[] {
  const { hostname, subdomain } = pod.spec
  if (right !== undefined) {
    return [line('computed', 'right-name', { name: right, hostname: hostname ?? '', subdomain: subdomain ?? '' })]
  }
  const values = { pod: pod.meta.name, hostname: hostname ?? '-', subdomain: subdomain ?? '-' }
  return [
    line('stated', 'no-endpoint-name', values),
    ...(dashed === undefined ? [] : [line('computed', 'pod-record', { name: dashed })]),
  ]
}

/** `10-233-102-133.NAMESPACE.pod.ZONE`, where the Corefile's `pods` mode gives such names. */
function dashedName({ facts, explain }: Evidence, pod: Pod): string | undefined {
  const address = pod.podIPs[0]
  if (address === undefined) return undefined
  const label = address.replaceAll(/[.:]/g, '-')
  const name = `${label}.${pod.meta.namespace}.pod.${parseName(facts.dns.clusterDomain.value)}`
  return explain(name, address.includes(':') ? 'AAAA' : 'A').kind === 'records' ? shownName(name) : undefined
}

function setSubdomainCommand(pod: Pod): string {
  return `kubectl -n ${pod.meta.namespace} get pod ${pod.meta.name} -o jsonpath='{.spec.hostname} {.spec.subdomain}'`
}
