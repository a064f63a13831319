// The kube-dns ConfigMap gives node-cache other upstreams and stub domains than its Corefile's template has.
import { isSubdomain, parseName } from '../../../dns/index.ts'
import type { ConfigMap } from '../../../kube/objects/index.ts'
import type { NodeCacheFact } from '../../facts/index.ts'
import { sumSamples } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { ASKED_NAME } from '../judgement.ts'
import { askedRungs, excluded, findScrape, objectRef, qualifiedName } from '../support.ts'
import { cacheName, cacheRef, cacheSubject, judgeCaches, podNameOf } from './cache-support.ts'

export const nodeCacheUpstreamsOverridden: Cause = {
  code: 'node-cache-upstreams-overridden',
  needs: ['config-maps'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => [judgeCache(evidence, cache)]),
}

/** What the ConfigMap says; undefined where its text is no such JSON. */
interface Override {
  readonly upstreams: readonly string[] | undefined
  readonly stubDomains: Readonly<Record<string, readonly string[]>> | undefined
  /** Keys that cannot be read: node-cache then keeps what it had. */
  readonly bad: readonly string[]
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): Judgement {
  const subject = cacheSubject(cache)
  const { facts } = evidence
  const map = facts.objects.configMaps.find(
    ({ meta }) => meta.namespace === cache.namespace && meta.name === 'kube-dns',
  )
  const override = map === undefined ? undefined : readOverride(map)
  if (map === undefined || override === undefined)
    return excluded(line('observed', 'no-map', { cache: cacheName(cache) }), subject)
  // With updateStrategy OnDelete pods have what they were made with.
  const specs = [cache.daemonSet?.template.spec, ...cache.pods.map(({ pod }) => pod.spec)]
  if (!specs.some((spec) => spec?.configMaps.some(({ name }) => name === 'kube-dns'))) {
    return excluded(line('stated', 'not-mounted', { cache: cacheName(cache), configMap: qualifiedName(map) }), subject)
  }
  const { upstreams = [], stubDomains = {}, bad } = override
  const explains = explained(evidence, override)
  return {
    status: 'proven',
    subject: { kind: 'config-map', name: qualifiedName(map) },
    objects: [objectRef('ConfigMap', qualifiedName(map)), cacheRef(cache)],
    values: { cache: cacheName(cache), configMap: qualifiedName(map), keys: Object.keys(map.data) },
    ...(bad.length > 0 ? { summary: 'unreadable' } : {}),
    evidence: [
      ...bad.map((key) => line('stated', 'bad', { configMap: qualifiedName(map), key })),
      ...(upstreams.length === 0 ? [] : [line('stated', 'upstreams', { upstreams })]),
      ...(Object.keys(stubDomains).length === 0
        ? []
        : [line('stated', 'stubs', { domains: Object.keys(stubDomains) })]),
      line('stated', 'mounted', { cache: cacheName(cache), configMap: qualifiedName(map) }),
      ...setupErrors(evidence, cache),
      ...(explains.length === 0 ? [] : [line('observed', 'failed', { count: explains.length })]),
    ],
    fix: {
      key: 'node-cache-upstreams',
      values: { configMap: qualifiedName(map) },
      command: `kubectl -n ${map.meta.namespace} edit configmap ${map.meta.name}`,
    },
    isFault: bad.length > 0,
    explains,
  }
}

function readOverride({ data }: ConfigMap): Override | undefined {
  const { upstreamNameservers, stubDomains } = data
  if (upstreamNameservers === undefined && stubDomains === undefined) return undefined
  const upstreams = upstreamNameservers === undefined ? undefined : readTexts(parseJson(upstreamNameservers))
  const stubs = stubDomains === undefined ? undefined : readStubs(parseJson(stubDomains))
  return {
    upstreams,
    stubDomains: stubs,
    bad: [
      ...(upstreamNameservers !== undefined && upstreams === undefined ? ['upstreamNameservers'] : []),
      ...(stubDomains !== undefined && stubs === undefined ? ['stubDomains'] : []),
    ],
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** node-cache takes three at most. */
function readTexts(value: unknown): string[] | undefined {
  const isList = Array.isArray(value) && value.length <= 3 && value.every((item) => typeof item === 'string')
  return isList ? value : undefined
}

function readStubs(value: unknown): Record<string, readonly string[]> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value).map(([domain, servers]) => [domain, readTexts(servers)] as const)
  const isWhole = entries.every(([, servers]) => servers !== undefined)
  return isWhole ? (Object.fromEntries(entries) as Record<string, readonly string[]>) : undefined
}

/** Names outside that the cache fails to resolve, while the node's own nameservers answer from the same node. */
function explained({ ladder, asked }: Evidence, { upstreams, stubDomains }: Override): string[] {
  const rungs = askedRungs(ladder)
  const fineFrom = new Set(
    rungs.filter(({ hop, result }) => hop.kind === 'upstream' && result === 'ok').map(({ fromNode }) => fromNode),
  )
  const failed = rungs.filter(({ hop, result, purpose, fromNode, expected, question }) => {
    if (hop.kind !== 'node-cache' || result !== 'failed' || expected.kind !== 'answer') return false
    const name = question.kind === 'dns' ? question.name : '.'
    const isStub = Object.keys(stubDomains ?? {}).some((domain) => isSubdomain(name, parseName(domain)))
    const isOutside = purpose === 'external' || purpose === 'asked'
    return isStub || (isOutside && upstreams !== undefined && fineFrom.has(fromNode))
  })
  const ids = failed.map(({ id }) => id)
  return asked !== undefined && failed.some(({ purpose }) => purpose === 'asked') ? [ASKED_NAME, ...ids] : ids
}

function setupErrors({ ladder }: Evidence, { pods }: NodeCacheFact): EvidenceLine[] {
  return pods
    .flatMap((pod) => {
      const server = podNameOf(pod)
      const { first = [] } = findScrape(ladder, server) ?? {}
      const count = sumSamples(first, 'coredns_nodecache_setup_errors_total', { errortype: 'configmap' }) ?? 0
      return count > 0 ? [line('observed', 'setup-errors', { server, count })] : []
    })
    .slice(0, 1)
}
