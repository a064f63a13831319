// Search lists with ndots:5 multiply the queries for external names: most answers are denials of the cluster's zone.
import { sumSamples } from '../../ladder/index.ts'
import type { MetricSample, Scrape } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked, objectRef } from '../support.ts'

/** Below this a counter tells of our own questions rather than of a cluster's load. */
const MIN_RESPONSES = 1000
const MAX_SHARE = 0.5

export const ndotsQueryAmplification: Cause = {
  code: 'ndots-query-amplification',
  needs: [],
  judge(evidence) {
    const counts = evidence.ladder.scrapes
      .filter(({ hop }) => hop.kind === 'replica')
      .map((scrape) => ({ scrape, ...count(scrape.second ?? scrape.first) }))
    if (counts.length === 0) return [notChecked('not-checked.no-metrics')]
    const busy = counts.filter(({ all }) => all >= MIN_RESPONSES)
    const over = busy.filter(({ all, denied }) => denied / all > MAX_SHARE)
    if (over.length > 0) return [judgeOver(evidence, over)]
    const all = counts.reduce((sum, one) => sum + one.all, 0)
    const denied = counts.reduce((sum, one) => sum + one.denied, 0)
    return [excluded(line('observed', 'share', { percent: percent(denied, all), count: all }))]
  },
}

interface Counted {
  readonly scrape: Scrape
  readonly all: number
  /** NXDOMAIN that the kubernetes plugin gave: names made of the search list. */
  readonly denied: number
}

function count(samples: readonly MetricSample[]): Pick<Counted, 'all' | 'denied'> {
  const name = 'coredns_dns_responses_total'
  const all = sumSamples(samples, name) ?? 0
  const byPlugin = sumSamples(samples, name, { rcode: 'NXDOMAIN', plugin: 'kubernetes' })
  // Before 1.10 responses do not say which plugin gave them.
  const denied = byPlugin ?? sumSamples(samples, name, { rcode: 'NXDOMAIN' }) ?? 0
  return { all, denied }
}

function judgeOver(evidence: Evidence, over: readonly Counted[]): Judgement {
  const servers = over.map(({ scrape }) => scrape.hop.name)
  const all = over.reduce((sum, one) => sum + one.all, 0)
  const denied = over.reduce((sum, one) => sum + one.denied, 0)
  return {
    status: 'proven',
    subject: { kind: 'pod', name: servers[0] ?? '' },
    objects: servers.slice(0, 3).map((name) => objectRef('Pod', name)),
    values: { percent: percent(denied, all), servers },
    evidence: [
      ...over.slice(0, 3).map((one) =>
        line('observed', 'counter', {
          server: one.scrape.hop.name,
          denied: one.denied,
          count: one.all,
          percent: percent(one.denied, one.all),
        }),
      ),
      line('computed', 'search-list', { domain: evidence.facts.dns.clusterDomain.value }),
    ],
    fix: {
      key: 'ndots-query-amplification',
      values: {},
      command: `kubectl -n NAMESPACE patch deployment NAME -p '{"spec":{"template":{"spec":{"dnsConfig":{"options":[{"name":"ndots","value":"2"}]}}}}}'`,
    },
    isFault: false,
    // It costs every replica work all the time; that one question brought nothing has a reason of its own.
    explains: [],
  }
}

function percent(part: number, all: number): number {
  return all === 0 ? 0 : Math.round((100 * part) / all)
}
