// The report for an issue or a chat.
import type { DoctorReport, ReportFinding } from './doctor-report.ts'
import { fillTemplate } from './format-phrase.ts'
import { MAX_ROWS, foldLadder, limitRows } from './ladder-rows.ts'
import { counterLines, ladderNotes, outcomeText, unaskedPods, whyText } from './report-lines.ts'
import { cellText, fromText, hopText } from './row-text.ts'
import type { Labels } from './wording/index.ts'
import { WORDING } from './wording/index.ts'

/** Renders a report as Markdown. */
export function renderMarkdown(report: DoctorReport): string {
  const labels = WORDING[report.language].labels
  const sections = [
    [`## ${headline(report, labels)}`],
    unaskedPods(report).map(escapeMarkdown),
    nameLines(report, labels),
    ...report.causes.map((finding, index) =>
      causeLines(finding, { labels, isVerdict: index === 0 && report.verdict !== null }),
    ),
    listSection(labels.unexplained, unexplainedLines(report)),
    ladderLines(report, labels),
    listSection(labels.counters, counterLines(report).map(escapeMarkdown)),
    listSection(
      labels.observations,
      report.observations.map(({ code, summary }) => `\`${code}\`${labels.colon}${escapeMarkdown(summary)}`),
    ),
    listSection(
      labels.notChecked,
      report.notChecked.map(({ code, why }) => `\`${code}\`${labels.colon}${escapeMarkdown(why)}`),
    ),
    [`${labels.cluster}${labels.colon}${escapeMarkdown(report.cluster.source)}, ${report.cluster.collectedAt}`],
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')
}

function headline(report: DoctorReport, labels: Labels): string {
  const { verdict } = report
  return verdict === null
    ? escapeMarkdown(outcomeText(report))
    : `\`${verdict.code}\`${labels.colon}${escapeMarkdown(verdict.summary)}`
}

function nameLines({ name, language }: DoctorReport, labels: Labels): string[] {
  if (name === undefined) return []
  const said =
    name.absence === null
      ? name.expected.length === 0
        ? ''
        : `${labels.colon}${fillTemplate(labels.resolves, { expected: name.expected }, language)}`
      : `${labels.colon}${fillTemplate(labels.doesNotResolve, { why: name.absence }, language)}`
  return [`${labels.name} \`${name.name} ${name.type}\`${escapeMarkdown(said)}`]
}

function causeLines(
  finding: ReportFinding,
  { labels, isVerdict }: { readonly labels: Labels; readonly isVerdict: boolean },
): string[] {
  const word = finding.status === 'proven' ? labels.alsoProven : labels.suspected
  const title = isVerdict
    ? []
    : [`### ${word} \`${finding.code}\`${labels.colon}${escapeMarkdown(finding.summary)}`, '']
  const missing = (finding.missing ?? []).map((text) => `- ${labels.wouldDecide}${labels.colon}${escapeMarkdown(text)}`)
  return [
    ...title,
    `**${labels.proof}**`,
    '',
    ...finding.evidence.map(({ basis, text }) => `- *${labels.basis[basis]}* ${escapeMarkdown(text)}`),
    ...missing,
    '',
    `**${labels.fix}**${labels.colon}${escapeMarkdown(finding.fix.explanation)} ${labels.risk}${labels.colon}${escapeMarkdown(finding.fix.risk)}`,
    '',
    '```sh',
    finding.fix.command,
    '```',
  ]
}

function unexplainedLines({ unexplained, ladder, language }: DoctorReport): string[] {
  const failed = new Set(unexplained)
  return ladder
    .filter(({ id }) => failed.has(id))
    .map(
      (rung) =>
        `${rung.hop} ${rung.server} <- ${rung.from}: ${escapeMarkdown(whyText(rung, language))} \`${rung.equivalent}\``,
    )
}

function ladderLines(report: DoctorReport, labels: Labels): string[] {
  const { rows, left } = limitRows(foldLadder(report.ladder), MAX_ROWS)
  if (rows.length === 0) return []
  const { hop, from, udp, tcp, http } = labels.columns
  const header = [hop, from, udp, tcp, http]
  const body = rows.map((row) => [
    hopText(row, report.language),
    fromText(row, report.language),
    cellText(row.cells.udp, report.language),
    cellText(row.cells.tcp, report.language),
    cellText(row.cells.http, report.language),
  ])
  return [
    `### ${labels.ladder}`,
    '',
    `| ${header.join(' | ')} |`,
    `| ${header.map(() => '---').join(' | ')} |`,
    ...body.map((cells) => `| ${cells.map(escapeMarkdown).join(' | ')} |`),
    ...(left > 0 ? ['', fillTemplate(labels.more, { count: left }, report.language)] : []),
    ...ladderNotes(report).flatMap((note) => ['', note]),
  ]
}

function listSection(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`### ${title}`, '', ...items.map((item) => `- ${item}`)]
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/([\\`*_|<>[\]])/g, String.raw`\$1`)
}
