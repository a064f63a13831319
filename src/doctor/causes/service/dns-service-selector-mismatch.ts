// CoreDNS pods run and are ready, but the DNS Service selects none of them, leads to a port where they do not listen, or has no
// port 53.
import { phrase } from '../../ladder/index.ts'
import type { DnsReplica } from '../../facts/index.ts'
import type { Selector } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, podRef, qualifiedName, readyEndpoints, serviceRef } from '../support.ts'
import { clusterNameRungs, dnsSelector } from '../service-support.ts'
import { judgeMissingPorts } from './missing-port.ts'
import { judgeTargetPorts } from './wrong-target-port.ts'

export const dnsServiceSelectorMismatch: Cause = {
  code: 'dns-service-selector-mismatch',
  needs: ['dns-service', 'pods'],
  judge: (evidence) => [judgeMissingPorts(evidence) ?? judgeTargetPorts(evidence) ?? judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { service, replicas } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const { meta, selector } = service.service
  const name = qualifiedName(service.service)
  const subject = { kind: 'service', name } as const
  if (selector === undefined) return excluded(line('observed', 'no-selector', { service: name }), subject)
  const own = replicas.filter(({ pod }) => pod.meta.namespace === meta.namespace)
  const ready = own.filter((replica) => replica.ready)
  const selected = own.filter((replica) => replica.selected)
  if (selected.length > 0)
    return excluded(line('observed', 'selected', { service: name, count: selected.length }), subject)
  const endpoints = readyEndpoints(service)
  if (endpoints.length > 0) {
    return excluded(line('observed', 'ready', { service: name, count: endpoints.length }), subject)
  }
  if (own.length === 0) return notChecked('not-checked.no-replicas', {}, subject)
  // Pods that are not ready may be about to change; whether the selector alone is at fault shows when one is.
  const shown = ready.length > 0 ? ready : own
  const labels = distinguishingLabels(shown)
  const finding = {
    subject,
    objects: [serviceRef(service, 'spec.selector'), ...shown.map(({ pod }) => podRef(pod, 'metadata.labels'))],
    values: { service: name, selector: dnsSelector(service.service), count: shown.length },
    ...(ready.length > 0 ? {} : { summary: 'none-carries' }),
    evidence: [
      line('stated', 'selector', { service: name, selector: dnsSelector(service.service) }),
      line('observed', ready.length > 0 ? 'labels' : 'labels-not-ready', {
        count: shown.length,
        pods: shown.map(({ pod }) => pod.meta.name),
        labels: formatLabels(labels),
      }),
    ],
    fix: {
      key: 'dns-service-selector-mismatch',
      values: { service: name, labels: formatLabels(labels) },
      command: `kubectl -n ${meta.namespace} patch service ${meta.name} -p '${JSON.stringify({ spec: { selector: replaceSelector(selector, labels) } })}'`,
    },
    isFault: true,
    explains: failedIds(ladder, (rung) => rung.hop.kind === 'dns-service' || clusterNameRungs(rung)),
  }
  return ready.length > 0
    ? { status: 'proven', ...finding }
    : { status: 'suspected', ...finding, missing: [phrase('dns-service-selector-mismatch.missing-ready')] }
}

/** Labels that all ready replicas share and that name the program: the conventional one alone where it is there. */
function distinguishingLabels(replicas: readonly DnsReplica[]): Selector {
  const [first, ...others] = replicas.map(({ pod }) => pod.meta.labels)
  const shared = Object.entries(first ?? {}).filter(
    ([key, value]) => !/hash|generation|version/.test(key) && others.every((labels) => labels[key] === value),
  )
  const usual = shared.filter(([key]) => key === 'k8s-app')
  return Object.fromEntries(usual.length > 0 ? usual : shared)
}

/** A patch adds and replaces keys; those that must go are null in it. */
function replaceSelector(old: Selector, labels: Selector): Record<string, string | null> {
  const removed = Object.keys(old).filter((key) => !(key in labels))
  return { ...Object.fromEntries(removed.map((key) => [key, null])), ...labels }
}

function formatLabels(labels: Selector): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}
