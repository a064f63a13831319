// The ladder as a table, hop by transport; each cell opens to what was expected and observed.
import { markup, renderState } from '../../../page/index.ts'
import type { Markup } from '../../../page/index.ts'
import type { DoctorReport, ReportRung } from '../doctor-report.ts'
import { fillTemplate } from '../format-phrase.ts'
import type { LadderCell, LadderRow } from '../ladder-rows.ts'
import { MAX_ROWS, foldLadder, limitRows } from '../ladder-rows.ts'
import { ladderNotes, reasonText, whyText } from '../report-lines.ts'
import { cellText, fromText, hopText } from '../row-text.ts'
import { WORDING } from '../wording/index.ts'

/** Most different questions that a cell opens to; failed ones come first. */
const MAX_DETAILS = 6
const TRANSPORTS = ['udp', 'tcp', 'http'] as const

/** The roles are said because a phone's layout, blocks instead of cells, would take them away. */
export function renderLadder(report: DoctorReport): Markup {
  const { columns, more } = WORDING[report.language].labels
  const header = [columns.hop, columns.from, columns.udp, columns.tcp, columns.http].map(
    (title) => markup`<th scope="col" role="columnheader">${title}</th>`,
  )
  const { rows, left } = limitRows(foldLadder(report.ladder), MAX_ROWS)
  const notes = [...(left > 0 ? [fillTemplate(more, { count: left }, report.language)] : []), ...ladderNotes(report)]
  return markup`<table role="table"><thead role="rowgroup"><tr role="row">${header}</tr></thead>
<tbody role="rowgroup">${rows.map((row) => renderRow(row, report))}</tbody></table>${notes.map((note) => markup`<p>${note}</p>`)}`
}

function renderRow(row: LadderRow, report: DoctorReport): Markup {
  const { columns } = WORDING[report.language].labels
  const cells = TRANSPORTS.map((transport) => renderCell(row.cells[transport], columns[transport], report))
  return markup`<tr role="row"><th scope="row" role="rowheader">${hopText(row, report.language)}</th><td role="cell" data-label="${columns.from}">${fromText(row, report.language)}</td>${cells}</tr>
`
}

function renderCell(cell: LadderCell | undefined, label: string, report: DoctorReport): Markup {
  if (cell === undefined) return markup`<td role="cell"></td>`
  const { page } = WORDING[report.language].labels
  const groups = groupAlike(cell.rungs)
  const more = groups.length - MAX_DETAILS
  const left = more > 0 ? fillTemplate(WORDING[report.language].labels.more, { count: more }, report.language) : ''
  return markup`<td role="cell" data-label="${label}">${renderState(cell.result, cellText(cell, report.language))}<details><summary>${page.details}</summary>${groups.slice(0, MAX_DETAILS).map((rung) => renderRung(rung, report))}${left}</details></td>`
}

function renderRung(rung: ReportRung, report: DoctorReport): Markup {
  const { page, results } = WORDING[report.language].labels
  const reason = reasonText({ ...rung, why: whyText(rung, report.language) }, report)
  const rows = [
    [page.question, rung.question],
    [page.expected, rung.expected],
    [page.observed, rung.observed],
    [page.reason, reason],
  ].filter(([, text]) => text !== '')
  return markup`<dl>${rows.map(([name = '', text = '']) => markup`<dt>${name}</dt><dd>${text}</dd>`)}<dt>${results[rung.result]}</dt><dd><code>${rung.equivalent}</code></dd></dl>`
}

/** The same question with the same outcome is shown once, whatever the place. */
function groupAlike(rungs: readonly ReportRung[]): ReportRung[] {
  const groups = new Map<string, ReportRung>()
  for (const rung of rungs) {
    const key = [rung.result, rung.question, rung.expected, rung.observed, rung.why ?? ''].join('\n')
    if (!groups.has(key)) groups.set(key, rung)
  }
  const rank = { failed: 0, intermittent: 1, skipped: 2, ok: 3 }
  return [...groups.values()].toSorted((a, b) => rank[a.result] - rank[b.result])
}
