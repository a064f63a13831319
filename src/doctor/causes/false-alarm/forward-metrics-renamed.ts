// Dashboards and alerts that ask for series which CoreDNS renamed: "no data" there is not zero.
import type { ConfigMap } from '../../../kube/objects/index.ts'
import type { Scrape } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked, objectRef, qualifiedName } from '../support.ts'

/** Old name -> today's (CoreDNS's forward plugin, metrics that were deprecated). */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['coredns_forward_requests_total', 'coredns_proxy_request_duration_seconds_count'],
  ['coredns_forward_responses_total', 'coredns_proxy_request_duration_seconds_count'],
  ['coredns_forward_request_duration_seconds', 'coredns_proxy_request_duration_seconds'],
  ['coredns_forward_healthcheck_failures_total', 'coredns_proxy_healthcheck_failures_total'],
  ['coredns_forward_conn_cache_hits_total', 'coredns_proxy_conn_cache_hits_total'],
  ['coredns_forward_conn_cache_misses_total', 'coredns_proxy_conn_cache_misses_total'],
])
const SERIES = /\bcoredns_forward_[a-z_]+/g
/** Parts of a histogram. */
const PART = /_(?:bucket|count|sum)$/

export const forwardMetricsRenamed: Cause = {
  code: 'forward-metrics-renamed',
  needs: ['config-maps'],
  judge(evidence) {
    const asking = evidence.facts.objects.configMaps.flatMap((map) => {
      const asked = seriesOf(map)
      return asked.length === 0 ? [] : [{ map, asked }]
    })
    if (asking.length === 0) {
      return [excluded(line('observed', 'nobody-asks', { count: evidence.facts.objects.configMaps.length }))]
    }
    const scrape = evidence.ladder.scrapes.find(
      ({ hop, first }) => hop.kind === 'replica' && first.some(({ name }) => name.startsWith('coredns_proxy_')),
    )
    if (scrape === undefined) return [notChecked('not-checked.no-metrics')]
    const found = asking.flatMap(({ map, asked }) => judgeMap(map, asked, scrape) ?? [])
    return found.length > 0 ? found : [excluded(line('observed', 'present', { server: scrape.hop.name }))]
  },
}

function judgeMap(map: ConfigMap, asked: readonly string[], { hop, first }: Scrape): Judgement | undefined {
  const shown = new Set(first.map(({ name }) => name.replace(PART, '')))
  const gone = asked.filter((name) => !shown.has(name))
  if (gone.length === 0) return undefined
  const instead = [...new Set(gone.map((name) => RENAMED.get(name) ?? ''))]
  const values = { map: qualifiedName(map), gone, instead, server: hop.name }
  return {
    status: 'proven',
    subject: { kind: 'config-map', name: qualifiedName(map) },
    objects: [objectRef('ConfigMap', qualifiedName(map), 'data')],
    values,
    evidence: [line('stated', 'asks', values), line('observed', 'renamed', values)],
    fix: {
      key: 'forward-metrics-renamed',
      values,
      command: `kubectl -n ${map.meta.namespace} edit configmap ${map.meta.name}   # ${gone[0] ?? ''} -> ${instead[0] ?? ''}`,
    },
    isFault: false,
    explains: [],
  }
}

function seriesOf({ data }: Evidence['facts']['objects']['configMaps'][number]): string[] {
  const names = Object.values(data).flatMap((text) =>
    text.includes('coredns_forward_') ? [...text.matchAll(SERIES)].map(([name]) => name.replace(PART, '')) : [],
  )
  return [...new Set(names)].filter((name) => RENAMED.has(name)).toSorted()
}
