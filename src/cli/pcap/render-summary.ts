// The summary of a capture for a terminal: verdict, patterns with their proof, figures.
import picocolors from 'picocolors'
import type { CaptureReport } from '../../analysis/index.ts'
import { verdictOf, verdictText } from './verdict.ts'

const BAR = 40

/** Renders a report as text. */
export function renderSummary(report: CaptureReport, color: boolean): string {
  const paint = picocolors.createColors(color)
  const tint = { fault: paint.red, none: paint.green, open: paint.yellow, empty: String }[verdictOf(report)]
  const lines = [paint.bold(tint(verdictText(report))), '']
  for (const { code, kind, count, subject, evidence } of report.patterns) {
    lines.push(
      `${kind === 'fault' ? paint.red('fault      ') : paint.dim('observation')} ${paint.bold(code)} (${count}): ${subject}`,
    )
    for (const { text, frames } of evidence) {
      lines.push(`              ${text}${frames.length === 0 ? '' : paint.dim(` [frames ${frames.join(', ')}]`)}`)
    }
  }
  if (report.patterns.length > 0) lines.push('')
  lines.push(...figureLines(report, paint.bold))
  return `${lines.join('\n')}\n`
}

/** Totals, rcodes, latencies, and the servers, clients and names with the most queries. @param heading emphasizes */
export function figureLines(report: CaptureReport, heading: (text: string) => string = String): string[] {
  const { file, dns, tcp } = report
  const lines: string[] = []
  const seconds =
    file.firstAt === null || file.lastAt === null ? 0 : (Date.parse(file.lastAt) - Date.parse(file.firstAt)) / 1000
  const jumps = file.jumpsBack === 0 ? '' : `; times jump back ${file.jumpsBack} x (files joined one behind the other?)`
  lines.push(
    `capture       ${file.format}${file.linkTypes.length === 0 ? '' : `, ${file.linkTypes.join(', ')}`}; ${file.frames} frames, ${seconds.toFixed(1)} s${file.firstAt === null ? '' : ` from ${file.firstAt}`}${jumps}`,
    `DNS           ${dns.queries} queries, ${dns.responses} responses; ${dns.transactions} transactions: ${dns.answered} answered, ${dns.unanswered} unanswered, ${dns.unknown} unknown`,
    `asked again   ${dns.resent} resent, ${dns.retried} with a new id, ${dns.parallel} of several servers at once; ${dns.copies} copies of packets left out`,
  )
  if (Object.keys(dns.rcodes).length > 0)
    lines.push(`rcodes        ${pairs(dns.rcodes)}`, `types         ${pairs(dns.types)}`)
  if (dns.mdns + dns.llmnr > 0) lines.push(`not DNS       ${dns.mdns} mDNS, ${dns.llmnr} LLMNR packets`)
  if (tcp.connections > 0) {
    lines.push(
      `TCP           ${dns.overTcp} transactions; ${tcp.connections} connections, ${tcp.handshakesUnanswered} without answer, ${tcp.refused} refused, ${tcp.retransmissions} segments resent`,
    )
  }
  for (const { meaning, from, about, count } of report.icmp)
    lines.push(`ICMP          ${count} x ${meaning} from ${from}: ${about}`)
  if (report.latencyMs !== null) {
    const { p50, p90, p99, max } = report.latencyMs
    lines.push(`latency       p50 ${ms(p50)}  p90 ${ms(p90)}  p99 ${ms(p99)}  max ${ms(max)}`, '', ...histogram(report))
  }
  if (report.servers.length > 0) {
    lines.push(
      '',
      heading('servers'),
      ...table(
        report.servers.map((row) => [
          row.server,
          `${row.queries} queries`,
          `${row.unanswered} unanswered`,
          `p50 ${row.p50Ms === null ? '-' : ms(row.p50Ms)}`,
          `p99 ${row.p99Ms === null ? '-' : ms(row.p99Ms)}`,
        ]),
      ),
    )
    lines.push(
      '',
      heading('clients'),
      ...table(report.clients.map((row) => [row.client, `${row.queries} queries`, `${row.unanswered} unanswered`])),
    )
    lines.push(
      '',
      heading('names'),
      ...table(report.names.map((row) => [row.name, `${row.queries} queries`, `${row.nxdomain} NXDOMAIN`])),
    )
  }
  return lines
}

function histogram({ histogram }: CaptureReport): string[] {
  const most = Math.max(...histogram.map(({ count }) => count), 1)
  const first = histogram.findIndex(({ count }) => count > 0)
  const last = histogram.findLastIndex(({ count }) => count > 0)
  return histogram.slice(Math.max(0, first), last + 1).map(({ fromMs, toMs, count }) => {
    const range = toMs === null ? `>= ${fromMs} ms` : `${fromMs} - ${toMs} ms`
    const filled = Math.round((BAR * count) / most)
    return `  ${range.padStart(14)} ${'█'.repeat(count > 0 ? Math.max(1, filled) : 0).padEnd(BAR)} ${count}`
  })
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
  )
}

function pairs(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`
}
