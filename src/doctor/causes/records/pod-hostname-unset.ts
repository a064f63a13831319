// A pod behind a headless Service has a name of its own only with a hostname and the Service's name as its subdomain.
import type { Endpoint, Pod } from '../../../kube/objects/index.ts'
import { corefileRef, editCorefile } from '../coredns-support.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, podRef } from '../support.ts'
import {
  absenceOf,
  digCommand,
  explainsAskedName,
  findPod,
  findService,
  findStatefulSet,
  judgeAskedService,
  nameSubject,
  namespaced,
  shownName,
  slicesOf,
} from './asked-service.ts'
import type { AskedService } from './asked-service.ts'
import { findKubernetesDirective, lineOf } from './kubernetes-directive.ts'

export const podHostnameUnset: Cause = {
  code: 'pod-hostname-unset',
  needs: ['asked-name', 'services', 'pods', 'endpoint-slices'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

function judge(asked: AskedService, evidence: Evidence): Judgement {
  const { facts } = evidence
  const { namespace, endpoint: label, name } = asked
  const subject = nameSubject(asked)
  const service = `${namespace}/${asked.service}`
  if (label === undefined || asked.depth !== 1) return excluded(line('computed', 'no-pod-label', { name }), subject)
  if (absenceOf(asked.answer)?.code !== 'no-endpoint') {
    return excluded(line('computed', 'other-reason', { name, service }), subject)
  }
  const pod = findPod(facts, namespace, label)
  if (pod === undefined) return excluded(line('observed', 'no-such-pod', { pod: `${namespace}/${label}` }), subject)
  const set = findStatefulSet(facts, namespace, label)
  if (set !== undefined) {
    return excluded(
      line('observed', 'statefulset', { pod: label, statefulset: `${namespace}/${set.meta.name}` }),
      subject,
    )
  }
  const endpoint = endpointOf(evidence, asked, pod)
  if (endpoint === undefined) return excluded(line('observed', 'not-behind', { pod: label, service }), subject)
  if (endpoint.hostname !== undefined && endpoint.hostname !== '') {
    return excluded(line('observed', 'has-hostname', { pod: label, hostname: endpoint.hostname }), subject)
  }
  const own = `${(endpoint.addresses[0] ?? '').replaceAll(/[.:]/g, '-')}.${name.slice(label.length + 1)}`
  const given = evidence.explain(`${own}.`, 'A').kind === 'records' ? shownName(own) : undefined
  const directive = findKubernetesDirective(facts.dns.corefile)
  const { hostname, subdomain } = pod.spec
  return {
    status: 'proven',
    subject,
    objects: [
      podRef(pod, 'spec.hostname'),
      namespaced('Service', namespace, asked.service),
      ...(directive === undefined ? [] : [corefileRef(directive.corefile, lineOf(directive))]),
    ],
    values: { name, pod: `${namespace}/${label}`, service },
    evidence: [
      line('observed', 'no-hostname', { service, address: endpoint.addresses[0] ?? '', pod: label }),
      line('stated', 'fields', { pod: label, hostname: hostname || '-', subdomain: subdomain || '-', service }),
      ...(given === undefined ? [] : [line('computed', 'own-name', { name: given })]),
      ...(directive === undefined ? [] : [line('stated', 'no-pod-names', { line: lineOf(directive) })]),
    ],
    fix: {
      key: 'pod-hostname.set',
      values: { service: asked.service, pod: label },
      command: [
        ...(given === undefined ? [] : [digCommand(evidence, given)]),
        ...(facts.dns.corefile === undefined
          ? []
          : [`# ${editCorefile(facts.dns.corefile)}   # kubernetes { endpoint_pod_names }`]),
      ].join('\n'),
    },
    isFault: true,
    explains: explainsAskedName(evidence),
  }
}

function endpointOf({ facts }: Evidence, asked: AskedService, { meta, podIPs }: Pod): Endpoint | undefined {
  const service = findService(facts, asked.namespace, asked.service)
  if (service === undefined) return undefined
  return slicesOf(facts, service)
    .flatMap(({ endpoints }) => endpoints)
    .find(
      ({ addresses, target }) => target?.name === meta.name || addresses.some((address) => podIPs.includes(address)),
    )
}
