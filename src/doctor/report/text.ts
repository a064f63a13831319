// The report for a person at a terminal: the verdict in one line, the proof, the fix, then the ladder and the rest.
import picocolors from 'picocolors'
import type { DoctorReport, ReportFinding } from './doctor-report.ts'
import { fillTemplate } from './format-phrase.ts'
import { foldLadder } from './ladder-rows.ts'
import type { LadderCell, LadderRow } from './ladder-rows.ts'
import {
  counterLines,
  excludedCodes,
  isBlind,
  ladderNotes,
  nameText,
  notCheckedLines,
  outcomeText,
  reasonText,
  rungText,
  unaskedPods,
  unexplainedGroups,
} from './report-lines.ts'
import { cellText, fromText, hopText } from './row-text.ts'
import { displayWidth, padToWidth } from './width.ts'
import type { Labels } from './wording/index.ts'
import { WORDING } from './wording/index.ts'

/** Lines of proof that are shown: conventions ask for five at most. */
const MAX_PROOF = 5
const MAX_UNEXPLAINED = 8
/** All kinds of objects there are, and some nodes. */
const MAX_MISSING = 24
const MAX_ELSEWHERE = 8
const MAX_COUNTERS = 24
/** Causes named beside each reason; JSON, Markdown and HTML name all of them. */
const MAX_NOT_CHECKED = 4

export interface TextOptions {
  readonly color: boolean
}

/** Renders a report as text that ends with a line feed. */
export function renderText(report: DoctorReport, { color }: TextOptions): string {
  const paint = picocolors.createColors(color)
  const labels = WORDING[report.language].labels
  const context: Context = { report, labels, paint }
  const sections = [
    headline(context),
    nameSection(context),
    ...groupByCode(report.causes).map((group, index) => causeSection(context, group, index === 0)),
    unexplainedSection(context),
    // Where nothing failed they are what there is to read.
    ...(report.outcome === 'healthy' ? [observationSection(context)] : []),
    ladderSection(context),
    counterSection(context),
    ...(report.outcome === 'healthy' ? [] : [observationSection(context)]),
    notCheckedSection(context),
    excludedSection(context),
    clusterSection(context),
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')
}

interface Context {
  readonly report: DoctorReport
  readonly labels: Labels
  readonly paint: ReturnType<typeof picocolors.createColors>
}

function headline({ report, labels, paint }: Context): string[] {
  const { verdict, outcome } = report
  const unasked = unaskedPods(report).map((text) => paint.yellow(text))
  if (verdict !== null) {
    return [`${paint.bold(paint.red(verdict.code))}${labels.colon}${paint.bold(verdict.summary)}`, ...unasked]
  }
  const tint = outcome === 'healthy' ? paint.green : paint.yellow
  const hint =
    outcome === 'healthy' && report.name === undefined
      ? [paint.dim(labels.hint)]
      : isBlind(report)
        ? [labels.rightsHint]
        : []
  return [paint.bold(tint(outcomeText(report))), ...unasked, ...hint]
}

function nameSection({ report, labels, paint }: Context): string[] {
  const text = nameText(report)
  return text === undefined ? [] : [`${paint.bold(labels.name)} ${text}`]
}

/** What one cause does in several places: said once, with its proof and fix; the other places by their summaries. */
interface CauseGroup {
  readonly finding: ReportFinding
  readonly others: readonly ReportFinding[]
}

function groupByCode(causes: readonly ReportFinding[]): CauseGroup[] {
  const groups = new Map<string, { finding: ReportFinding; others: ReportFinding[] }>()
  for (const finding of causes) {
    const key = `${finding.code} ${finding.status} ${finding.causedBy ?? ''}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { finding, others: [] })
    else group.others.push(finding)
  }
  return [...groups.values()]
}

function causeSection(context: Context, { finding, others }: CauseGroup, isFirst: boolean): string[] {
  const { labels, paint, report } = context
  const isVerdict = isFirst && report.verdict !== null
  const lines: string[] = []
  if (!isVerdict) {
    const word = finding.status === 'proven' ? paint.red(labels.alsoProven) : paint.yellow(labels.suspected)
    lines.push(`${paint.bold(word)} ${finding.code}${labels.colon}${finding.summary}`)
  }
  if (finding.causedBy !== undefined) {
    lines.push(`  (${fillTemplate(labels.consequenceOf, { code: finding.causedBy }, report.language)})`)
    return [
      ...lines,
      ...finding.evidence.slice(0, 2).map((line) => evidenceLine(context, line)),
      ...elsewhere(context, others),
    ]
  }
  lines.push(paint.bold(labels.proof))
  lines.push(...finding.evidence.slice(0, MAX_PROOF).map((line) => evidenceLine(context, line)))
  if (finding.missing !== undefined) {
    lines.push('', paint.bold(labels.wouldDecide), ...finding.missing.map((text) => `  ${text}`))
  }
  lines.push('', paint.bold(labels.fix))
  lines.push(...finding.fix.command.split('\n').map((command) => `  ${paint.cyan(command)}`))
  lines.push(`  ${finding.fix.explanation}`, `  ${labels.risk}${labels.colon}${finding.fix.risk}`)
  return [...lines, ...elsewhere(context, others)]
}

/** The same cause in other places, each with the first line of its own command. */
function elsewhere({ report, labels, paint }: Context, others: readonly ReportFinding[]): string[] {
  if (others.length === 0) return []
  const left = others.length - MAX_ELSEWHERE
  return [
    '',
    paint.bold(labels.elsewhere),
    ...others.slice(0, MAX_ELSEWHERE).map(({ summary }) => `  ${summary}`),
    ...(left > 0 ? [`  ${fillTemplate(labels.more, { count: left }, report.language)}`] : []),
  ]
}

function evidenceLine({ labels, paint }: Context, { basis, text }: ReportFinding['evidence'][number]): string {
  const width = Math.max(...Object.values(labels.basis).map(displayWidth))
  return `  ${paint.dim(padToWidth(labels.basis[basis], width))}  ${text}`
}

function unexplainedSection({ report, labels, paint }: Context): string[] {
  if (report.unexplained.length === 0) return []
  const groups = unexplainedGroups(report)
  const lines = groups.slice(0, MAX_UNEXPLAINED).map((group) => {
    const { rung, count } = group
    return `  ${rungText(group, report)}   $ ${rung.equivalent}${count > 1 ? `   (${count}x)` : ''}`
  })
  if (report.unexplained.includes('name') && report.name !== undefined) {
    lines.unshift(
      `  ${report.name.name} ${report.name.type}${report.name.absence === null ? '' : labels.colon + report.name.absence}`,
    )
  }
  if (groups.length > MAX_UNEXPLAINED) {
    lines.push(`  ${fillTemplate(labels.more, { count: groups.length - MAX_UNEXPLAINED }, report.language)}`)
  }
  return [paint.bold(paint.yellow(labels.unexplained)), ...lines]
}

// --- The ladder as a table ---

function ladderSection(context: Context): string[] {
  const { report, labels, paint } = context
  const rows = foldLadder(report.ladder)
  if (rows.length === 0) return []
  if (report.ladder.every(({ result }) => result === 'skipped'))
    return [paint.bold(labels.ladder), ...skippedLines(context), ...limitLines(context)]
  const { columns } = labels
  const table = rows.map((row) => [
    hopText(row, report.language),
    fromText(row, report.language),
    cellText(row.cells.udp, report.language),
    cellText(row.cells.tcp, report.language),
    cellText(row.cells.http, report.language),
  ])
  const header = [columns.hop, columns.from, columns.udp, columns.tcp, columns.http]
  const widths = header.map((title, index) =>
    Math.max(...[header, ...table].map((cells) => displayWidth(cells[index] ?? title))),
  )
  const pad = (text: string, index: number): string =>
    index === header.length - 1 ? text : padToWidth(text, widths[index] ?? 0)
  const lines = rows.flatMap((row, at) => {
    const cells = (table[at] ?? []).map((text, index) => paintCell(context, cellAt(row, index), pad(text, index)))
    const line = `  ${cells.join('  ')}`.trimEnd()
    return hasFailed(row) && row.equivalent !== '' ? [line, paint.dim(`    $ ${row.equivalent}`)] : [line]
  })
  return [
    paint.bold(labels.ladder),
    `  ${paint.dim(header.map(pad).join('  ').trimEnd())}`,
    ...lines,
    ...skippedLines(context),
    ...limitLines(context),
  ]
}

function limitLines({ report, paint }: Context): string[] {
  return ladderNotes(report).map((note) => `  ${paint.yellow(note)}`)
}

function cellAt(row: LadderRow, index: number): LadderCell | undefined {
  return [undefined, undefined, row.cells.udp, row.cells.tcp, row.cells.http][index]
}

function paintCell({ paint }: Context, cell: LadderCell | undefined, text: string): string {
  if (cell === undefined) return text
  return { ok: paint.green, failed: paint.red, intermittent: paint.red, skipped: paint.yellow }[cell.result](text)
}

function hasFailed({ cells }: LadderRow): boolean {
  return Object.values(cells).some(({ result }) => result === 'failed' || result === 'intermittent')
}

/** Why rungs were skipped, each reason once. */
function skippedLines({ report, labels, paint }: Context): string[] {
  const reasons = new Map<string, { hops: Set<string>; rungs: number }>()
  for (const rung of report.ladder) {
    if (rung.result !== 'skipped') continue
    const reason = reasonText(rung, report)
    const seen = reasons.get(reason) ?? { hops: new Set<string>(), rungs: 0 }
    seen.hops.add(`${labels.hops[rung.hop]} ${rung.server}`)
    reasons.set(reason, { hops: seen.hops, rungs: seen.rungs + 1 })
  }
  return [...reasons].map(([reason, { hops, rungs }]) => {
    const named =
      hops.size > 2 ? fillTemplate(labels.servers, { count: hops.size }, report.language) : [...hops].join(', ')
    return `  ${paint.yellow(labels.results.skipped)} ${named} (${rungs})${labels.colon}${reason}`
  })
}

// --- The rest ---

function counterSection({ report, labels, paint }: Context): string[] {
  const lines = counterLines(report)
  if (lines.length === 0) return []
  const left = lines.length - MAX_COUNTERS
  return [
    paint.bold(labels.counters),
    ...lines.slice(0, MAX_COUNTERS).map((line) => `  ${line}`),
    ...(left > 0 ? [`  ${fillTemplate(labels.more, { count: left }, report.language)}`] : []),
  ]
}

function observationSection(context: Context): string[] {
  const { report, labels, paint } = context
  if (report.observations.length === 0) return []
  return [
    paint.bold(labels.observations),
    ...report.observations.map(({ code, summary }) => `  ${paint.cyan(code)}${labels.colon}${summary}`),
  ]
}

function notCheckedSection({ report, labels, paint }: Context): string[] {
  const lines = notCheckedLines(report, MAX_NOT_CHECKED).map(
    ({ codes, reason }) => `  ${codes}${labels.colon}${reason}`,
  )
  return lines.length === 0 ? [] : [paint.bold(labels.notChecked), ...lines]
}

function excludedSection({ report, labels, paint }: Context): string[] {
  const left = excludedCodes(report)
  if (left.length === 0) return []
  return [
    `${paint.bold(labels.excluded)}  ${fillTemplate(labels.excludedCount, { count: left.length }, report.language)}`,
  ]
}

function clusterSection({ report, labels, paint }: Context): string[] {
  const { source, version, dnsService, clusterDomain, apiCalls } = report.cluster
  const calls = apiCalls === undefined ? '' : `, ${fillTemplate(labels.calls, { count: apiCalls }, report.language)}`
  const service = dnsService === null ? '' : `, ${dnsService.name} ${dnsService.addresses.join(', ')}`
  const missing = report.cluster.missing.map(
    ({ what, why, needs }) => `  ${what}${labels.colon}${why}${labels.semicolon}${labels.needs}${labels.colon}${needs}`,
  )
  return [
    paint.dim(
      `${labels.cluster}${labels.colon}${source}${version === null ? '' : `, ${version}`}${service}, ${clusterDomain}${calls}`,
    ),
    ...missing.slice(0, MAX_MISSING).map((line) => paint.dim(line)),
    ...(missing.length > MAX_MISSING
      ? [paint.dim(`  ${fillTemplate(labels.more, { count: missing.length - MAX_MISSING }, report.language)}`)]
      : []),
  ]
}
