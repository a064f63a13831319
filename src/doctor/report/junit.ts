// The report for CI systems: a test case for each probe, one for each proven or suspected cause, and one for the outcome.
import type { DoctorReport, ReportFinding, ReportRung } from './doctor-report.ts'
import { outcomeText, whyText } from './report-lines.ts'

/** Renders a report as JUnit XML. Skipped probes are `<skipped>`, never passed. */
export function renderJunit(report: DoctorReport): string {
  const probes = report.ladder.map((rung) => probeCase(rung, report))
  const causes = report.causes.map(causeCase)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="fathom doctor">',
    ...suite('ladder', probes),
    ...suite('causes', causes),
    ...suite('outcome', [outcomeCase(report)]),
    '</testsuites>',
    '',
  ].join('\n')
}

interface TestCase {
  readonly className: string
  readonly name: string
  readonly timeMs: number
  readonly outcome: 'failure' | 'passed' | 'skipped'
  readonly message: string
  readonly text: string
}

function suite(name: string, cases: readonly TestCase[]): string[] {
  const count = (outcome: TestCase['outcome']): number => cases.filter((one) => one.outcome === outcome).length
  const timeMs = Math.max(0, ...cases.map((one) => one.timeMs))
  return [
    `  <testsuite name="${name}" tests="${cases.length}" failures="${count('failure')}" errors="0" skipped="${count('skipped')}" time="${seconds(timeMs)}">`,
    ...cases.flatMap(render),
    '  </testsuite>',
  ]
}

function render({ className, name, timeMs, outcome, message, text }: TestCase): string[] {
  const open = `    <testcase classname="${escapeXml(className)}" name="${escapeXml(name)}" time="${seconds(timeMs)}"`
  switch (outcome) {
    case 'passed':
      return [`${open}/>`]
    case 'skipped':
      return [`${open}>`, `      <skipped message="${escapeXml(message)}"/>`, '    </testcase>']
    case 'failure':
      return [
        `${open}>`,
        `      <failure message="${escapeXml(message)}">${escapeXml(text)}</failure>`,
        '    </testcase>',
      ]
  }
}

const OUTCOMES = { ok: 'passed', failed: 'failure', intermittent: 'failure', skipped: 'skipped' } as const

function probeCase(rung: ReportRung, { language }: DoctorReport): TestCase {
  const needs = rung.needs === undefined ? '' : ` (${rung.needs})`
  return {
    className: `ladder.${rung.hop}`,
    name: rung.id,
    timeMs: rung.elapsedMs,
    outcome: OUTCOMES[rung.result],
    message: `${whyText(rung, language)}${needs}`,
    text: [`${rung.question} @${rung.to}`, rung.expected, rung.observed, rung.equivalent].join('\n'),
  }
}

function causeCase(finding: ReportFinding): TestCase {
  return {
    className: `causes.${finding.status}`,
    name: `${finding.code} ${finding.subject.name}`,
    timeMs: 0,
    outcome: 'failure',
    message: finding.summary,
    text: [...finding.evidence.map(({ text }) => text), finding.fix.command].join('\n'),
  }
}

/** Without it a run in which nothing could be asked would look like one in which nothing is wrong. */
function outcomeCase(report: DoctorReport): TestCase {
  const isHealthy = report.outcome === 'healthy'
  return {
    className: 'outcome',
    name: 'the DNS of the cluster is healthy',
    timeMs: 0,
    outcome: isHealthy ? 'passed' : 'failure',
    message: report.verdict === null ? outcomeText(report) : report.verdict.summary,
    text: report.verdict === null ? report.unexplained.join('\n') : report.verdict.code,
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

/** Also takes out what XML 1.0 cannot hold at all. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
