// The report as one page: the verdict and its proof first, then the way, what else was found, and every rung.
import { STYLE, markup, renderDocument, renderState } from '../../../page/index.ts'
import type { Markup, State } from '../../../page/index.ts'
import type { DoctorReport } from '../doctor-report.ts'
import {
  counterLines,
  excludedCodes,
  nameText,
  notCheckedLines,
  outcomeText,
  rungText,
  unaskedPods,
  unexplainedGroups,
} from '../report-lines.ts'
import { WORDING } from '../wording/index.ts'
import { renderDiagram } from './diagram.ts'
import { renderCause, renderList, renderVerdict } from './findings.ts'
import { renderLadder } from './ladder-table.ts'
import { renderPlots, scaleText } from './plots.ts'

/** Renders a report as one self-contained HTML page. */
export function renderHtml(report: DoctorReport): string {
  const { labels } = WORDING[report.language]
  const headline = headlineText(report)
  return renderDocument({
    language: report.language === 'zh' ? 'zh-Hans' : 'en',
    title: `${headline} - fathom doctor`,
    style: STYLE,
    skip: labels.page.skip,
    header: markup`fathom doctor, <time datetime="${report.cluster.collectedAt}">${timeText(report)}</time>`,
    main: markup`<h1>${renderState(stateOf(report), headline)}</h1>
${bodySections(report)}`,
    footer: markup`${clusterLines(report)}`,
  })
}

/** `2026-11-22 22:53:05 UTC`: to the second, with room for a line to break. */
function timeText({ cluster }: DoctorReport): string {
  return cluster.collectedAt.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC')
}

function stateOf({ verdict, outcome }: DoctorReport): State {
  if (verdict !== null) return 'failed'
  return outcome === 'healthy' ? 'ok' : 'skipped'
}

function headlineText(report: DoctorReport): string {
  const { verdict, language } = report
  if (verdict === null) return outcomeText(report)
  return `${verdict.code}${WORDING[language].labels.colon}${verdict.summary}`
}

function bodySections(report: DoctorReport): Markup[] {
  const { labels } = WORDING[report.language]
  const [main] = report.causes
  const hasVerdict = report.verdict !== null && main !== undefined
  const others = report.causes.slice(hasVerdict ? 1 : 0)
  const name = nameText(report)
  const unasked = unaskedPods(report)
  const plots = renderPlots(report)
  const asked = report.ladder.length > 0
  return [
    unasked.length === 0 ? markup`` : markup`<p><b>${unasked.join(' ')}</b></p>`,
    hasVerdict ? renderVerdict(main, report) : markup``,
    name === undefined ? markup`` : markup`<p><b>${labels.name}</b> ${name}</p>`,
    section(labels.page.way, renderDiagram(report)),
    section(
      labels.page.otherCauses,
      others.map((finding) => renderCause(finding, report)),
    ),
    section(labels.unexplained, renderList(unexplainedItems(report))),
    asked ? section(labels.ladder, renderLadder(report)) : markup``,
    plots.length === 0
      ? markup``
      : section(labels.page.latency, markup`<p class="soft">${scaleText(report)}</p><div class="plots">${plots}</div>`),
    section(labels.counters, renderList(counterLines(report).map((line) => markup`${line}`))),
    section(
      labels.observations,
      renderList(report.observations.map(({ code, summary }) => markup`<code>${code}</code>${labels.colon}${summary}`)),
    ),
    section(
      labels.notChecked,
      renderList(
        notCheckedLines(report).map(({ codes, reason }) => markup`<code>${codes}</code>${labels.colon}${reason}`),
      ),
    ),
    excludedSection(report),
  ]
}

/** A section under its heading; nothing without content. */
function section(title: string, content: Markup | readonly Markup[]): Markup {
  const inner = markup`${content}`
  return inner.html === ''
    ? inner
    : markup`<section><h2>${title}</h2>
${inner}
</section>
`
}

function unexplainedItems(report: DoctorReport): Markup[] {
  const asked = report.unexplained.includes('name') ? nameText(report) : undefined
  const rungs = unexplainedGroups(report).map((group) => {
    const { rung, count } = group
    return markup`${rungText(group, report)}${count > 1 ? ` (${count}x)` : ''} <code>${rung.equivalent}</code>`
  })
  return [...(asked === undefined ? [] : [markup`${asked}`]), ...rungs]
}

function excludedSection(report: DoctorReport): Markup {
  const { labels } = WORDING[report.language]
  const codes = excludedCodes(report)
  if (codes.length === 0) return markup``
  return section(
    labels.excluded,
    markup`<details><summary>${codes.length}</summary><p>${codes.join(labels.comma)}</p></details>`,
  )
}

function clusterLines({ cluster, language }: DoctorReport): Markup[] {
  const { labels } = WORDING[language]
  const { source, version, dnsService, clusterDomain } = cluster
  const service = dnsService === null ? [] : [`${dnsService.name} ${dnsService.addresses.join(', ')}`]
  const parts = [source, ...(version === null ? [] : [version]), ...service, clusterDomain]
  const missing = cluster.missing.map(
    ({ what, why, needs }) =>
      markup`${what}${labels.colon}${why}${labels.semicolon}${labels.needs}${labels.colon}${needs}`,
  )
  return [markup`<p>${labels.cluster}${labels.colon}${parts.join(', ')}</p>`, renderList(missing)]
}
