// The way of a query from pod to upstream, a stop for each kind of hop, with what became of it there.
import { markup, renderState } from '../../../page/index.ts'
import type { Markup, State } from '../../../page/index.ts'
import { CAUSE_GROUPS } from '../../causes/index.ts'
import type { HopKind } from '../../ladder/index.ts'
import type { DoctorReport, ReportRung } from '../doctor-report.ts'
import { fillTemplate } from '../format-phrase.ts'
import { worstOf } from '../ladder-rows.ts'
import { WORDING } from '../wording/index.ts'

/** Most servers that a stop names; failed ones come first. */
const MAX_SERVERS = 6
const POD_DNS: ReadonlySet<string> = new Set(CAUSE_GROUPS['pod-dns'])
const ORDER: readonly State[] = ['failed', 'intermittent', 'skipped', 'ok', 'none']

interface Stop {
  readonly title: string
  readonly state: State
  readonly said: string
  readonly lines: readonly Markup[]
}

/** Draws the way as an ordered list: the order is the way's, also where no style applies. */
export function renderDiagram(report: DoctorReport): Markup {
  const { labels } = WORDING[report.language]
  const kinds: readonly HopKind[] = ['node-cache', 'dns-service', 'kube-proxy', 'replica', 'upstream']
  const seen = kinds.filter((kind) => kind !== 'kube-proxy' || report.ladder.some(({ hop }) => hop === kind))
  const stops = [placeStop(report), resolvConfStop(report)].concat(
    seen.map((kind) => hopStop(labels.hops[kind], report, kind)),
  )
  return markup`<ol class="way">${stops.map(renderStop)}</ol>`
}

function renderStop({ title, state, said, lines }: Stop): Markup {
  const list = lines.length === 0 ? '' : markup`<ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul>`
  return markup`<li class="card ${state}"><h3>${title}</h3>${said === '' ? '' : renderState(state, said)}${list}</li>
`
}

function placeStop(report: DoctorReport): Stop {
  const { labels } = WORDING[report.language]
  const places = [...new Set(report.ladder.map(({ from }) => (from === 'here' ? labels.here : from)))]
  const lines = places.map((place) => markup`${labels.columns.from}${labels.colon}${place}`)
  return { title: labels.page.place, state: 'none', said: '', lines: cut(lines, report) }
}

/** Its nameservers were asked, or a proven cause lies in what pods are given. */
function resolvConfStop(report: DoctorReport): Stop {
  const stop = hopStop('resolv.conf', report, 'nameserver')
  const own = report.causes.filter(({ code, status }) => status === 'proven' && POD_DNS.has(code))
  if (own.length === 0) return stop
  const { results } = WORDING[report.language].labels
  const lines = own.map(({ code }) => markup`<code>${code}</code>`)
  return { ...stop, state: 'failed', said: results.failed, lines: [...lines, ...stop.lines] }
}

function hopStop(title: string, report: DoctorReport, kind: HopKind): Stop {
  const { labels } = WORDING[report.language]
  const rungs = report.ladder.filter(({ hop }) => hop === kind)
  if (rungs.length === 0) return { title, state: 'none', said: labels.page.notAsked, lines: [] }
  const servers = groupByServer(rungs)
  const lines = [...servers]
    .map(([server, own]) => ({ server, state: worstOf(own), own }))
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
    .map(({ server, state, own }) => renderState(state, `${server.replace(/^[^/]*\//, '')} ${countText(own, report)}`))
  return { title, state: worstOf(rungs), said: countText(rungs, report), lines: cut(lines, report) }
}

function groupByServer(rungs: readonly ReportRung[]): Map<string, ReportRung[]> {
  const servers = new Map<string, ReportRung[]>()
  for (const rung of rungs) {
    const own = servers.get(rung.server)
    if (own === undefined) servers.set(rung.server, [rung])
    else own.push(rung)
  }
  return servers
}

function countText(rungs: readonly ReportRung[], { language }: DoctorReport): string {
  const { results } = WORDING[language].labels
  const result = worstOf(rungs)
  return `${results[result]} ${rungs.filter((rung) => rung.result === result).length}/${rungs.length}`
}

function cut(lines: readonly Markup[], { language }: DoctorReport): Markup[] {
  if (lines.length <= MAX_SERVERS) return [...lines]
  const more = fillTemplate(WORDING[language].labels.more, { count: lines.length - MAX_SERVERS }, language)
  return [...lines.slice(0, MAX_SERVERS), markup`<span class="soft">${more}</span>`]
}
