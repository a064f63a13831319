// The name resolves as it should, and nothing stands behind the address: this is no fault of DNS.
import { matchesSelector } from '../../../kube/objects/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { findService, isHeadless, judgeAskedService, nameSubject, namespaced } from '../records/asked-service.ts'
import type { AskedService } from '../records/asked-service.ts'
import { dnsSelector } from '../service-support.ts'
import { askedRungs, excluded } from '../support.ts'

export const applicationServiceNoEndpoints: Cause = {
  code: 'application-service-no-endpoints',
  needs: ['asked-name', 'services', 'endpoint-slices'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

function judge(asked: AskedService, { facts, ladder }: Evidence): Judgement {
  const subject = nameSubject(asked)
  const name = `${asked.namespace}/${asked.service}`
  const service = findService(facts, asked.namespace, asked.service)
  if (service === undefined) return excluded(line('observed', 'no-service', { service: name }), subject)
  const [address = ''] = service.clusterIPs
  if (address === '' || isHeadless(service) || asked.answer.kind !== 'records') {
    return excluded(line('observed', 'no-address', { service: name }), subject)
  }
  if (
    service.meta.name === facts.dns.service?.service.meta.name &&
    service.meta.namespace === facts.dns.service.service.meta.namespace
  ) {
    return excluded(line('observed', 'dns-service', { service: name }), subject)
  }
  const endpoints = facts.objects.endpointSlices
    .filter(({ meta, service: owner }) => meta.namespace === asked.namespace && owner === asked.service)
    .flatMap((slice) => slice.endpoints)
  const ready = endpoints.filter((endpoint) => endpoint.ready)
  if (ready.length > 0) return excluded(line('observed', 'ready', { service: name, count: ready.length }), subject)
  const answers = askedRungs(ladder).filter(
    ({ purpose, observed }) =>
      purpose === 'asked' &&
      observed.kind === 'response' &&
      observed.records.some((record) => service.clusterIPs.includes(record)),
  )
  const { selector } = service
  const selected =
    selector === undefined
      ? []
      : facts.objects.pods.filter(
          ({ meta }) => meta.namespace === asked.namespace && matchesSelector(selector, meta.labels),
        )
  const finding = {
    subject,
    objects: [
      namespaced('Service', asked.namespace, asked.service, 'spec.selector'),
      ...selected.slice(0, 5).map(({ meta }) => namespaced('Pod', meta.namespace, meta.name, 'status.conditions')),
    ],
    values: { name: asked.name, service: name, address },
    evidence: [
      ...(answers.length === 0
        ? []
        : [
            line('observed', 'resolves', {
              name: asked.name,
              address,
              count: new Set(answers.map(({ hop }) => hop.name)).size,
            }),
          ]),
      line('observed', 'none-ready', { service: name, count: endpoints.length }),
      selector === undefined
        ? line('stated', 'no-selector', { service: name })
        : line('observed', 'selected', {
            selector: dnsSelector(service),
            count: selected.length,
            ready: selected.filter((pod) => pod.ready).length,
          }),
    ],
    fix: {
      key: 'application-service-no-endpoints',
      values: { service: name },
      command: [
        `kubectl -n ${asked.namespace} get endpointslices -l kubernetes.io/service-name=${asked.service}`,
        selector === undefined
          ? `kubectl -n ${asked.namespace} get service ${asked.service} -o yaml`
          : `kubectl -n ${asked.namespace} get pod -l ${dnsSelector(service)} -o wide`,
      ].join('\n'),
    },
    isFault: true,
    explains: [ASKED_NAME],
  }
  return answers.length > 0
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('application-service-no-endpoints.missing-answer', { name: asked.name })],
      }
}
