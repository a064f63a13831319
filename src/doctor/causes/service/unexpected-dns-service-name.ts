// The distribution names the DNS Service otherwise than the node cache expects: the cache forwards cluster names nowhere.
import { findInLogs, phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  excluded,
  failedIds,
  isNodeCacheUnseen,
  notChecked,
  objectRef,
  qualifiedName,
  serviceRef,
  withoutNodeCache,
} from '../support.ts'
import { clusterNameRungs } from '../service-support.ts'

/** What node-cache and many tools look for. */
const USUAL_NAME = 'kube-dns'

export const unexpectedDnsServiceName: Cause = {
  code: 'unexpected-dns-service-name',
  needs: ['dns-service', 'services'],
  judge: (evidence) => [judge(evidence)],
}

/** The beginning of the environment variable in which kubelet gives a Service's address. */
function variableOf(service: string): string {
  return service.toUpperCase().replaceAll('-', '_')
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { service, nodeCaches } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const name = qualifiedName(service.service)
  const subject = { kind: 'service', name } as const
  if (service.service.meta.name === USUAL_NAME) return excluded(line('observed', 'usual', { service: name }), subject)
  if (isNodeCacheUnseen(facts)) return withoutNodeCache(facts)
  if (nodeCaches.length === 0) return excluded(line('observed', 'no-cache', { service: name }), subject)
  const cache = nodeCaches.find(
    ({ upstreamService, upstreamIPs }) => upstreamService === USUAL_NAME && upstreamIPs.length === 0,
  )
  if (cache === undefined) {
    const told = nodeCaches.map(({ upstreamService }) => upstreamService)
    return excluded(line('stated', 'matches', { service: name, told }), subject)
  }
  const cacheName = `${cache.namespace}/${cache.name}`
  const logs = findInLogs(ladder.logs, 'upstream-service-missing', ({ kind }) => kind === 'node-cache').filter(
    ({ finding: { values } }) =>
      values['service'] === cache.upstreamService ||
      values['variable'] === variableOf(cache.upstreamService) ||
      values['placeholder'] !== undefined,
  )
  const values = { service: name, cache: cacheName, upstream: cache.upstreamService }
  const finding = {
    subject,
    objects: [serviceRef(service, 'metadata.name'), objectRef('DaemonSet', cacheName, 'args -upstreamsvc')],
    values,
    evidence: [
      line('observed', 'found-by', { service: name, address: service.clusterIPs.join(', '), how: service.foundBy }),
      line('stated', 'argument', values),
      ...logs.slice(0, 2).map(({ hop, finding: { line: text } }) => line('observed', 'log', { pod: hop.name, text })),
    ],
    fix: {
      key: 'unexpected-dns-service-name',
      values: { service: service.service.meta.name, cache: cacheName },
      command: [
        `kubectl -n ${cache.namespace} edit daemonset ${cache.name}   # args: -upstreamsvc ${service.service.meta.name}`,
        `kubectl -n ${cache.namespace} rollout status daemonset ${cache.name}`,
      ].join('\n'),
    },
    isFault: true,
    explains: failedIds(ladder, clusterNameRungs),
  }
  return logs.length > 0
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('unexpected-dns-service-name.missing-log', { cache: cacheName })],
      }
}
