// Findings as text for people, JSON for scripts, and SARIF for code review.
import { PROGRAM_VERSION } from '../../base/index.ts'
import type { Finding, Severity } from '../../corefile/index.ts'

export interface LintReport {
  /** In the order in which they were looked at. */
  readonly checked: readonly string[]
  readonly findings: readonly Finding[]
}

export interface TextOptions {
  readonly color: (severity: Severity, text: string) => string
}

/** One finding: place, severity, message, code; then what to do. A last line counts them. */
export function renderText({ checked, findings }: LintReport, { color }: TextOptions): string {
  const lines = findings.flatMap(({ file, line, column, severity, message, code, advice, other }) => [
    `${file}:${line}:${column}: ${color(severity, severity)}: ${message} [${code}]`,
    ...(advice === '' ? [] : [`    ${advice}`]),
    ...(other === undefined ? [] : [`    The other one: ${file}:${other.line}:${other.column}`]),
  ])
  const counts = (['error', 'warning', 'note'] as const).map((severity) => {
    const count = countOf(findings, severity)
    return `${count} ${severity}${count === 1 ? '' : 's'}`
  })
  const where = checked.length === 1 ? (checked[0] ?? '') : `${checked.length} files`
  return `${[...lines, `${where}: ${findings.length === 0 ? 'nothing found' : counts.join(', ')}`].join('\n')}\n`
}

export function countOf(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity).length
}

export function renderJson({ checked, findings }: LintReport): string {
  const summary = {
    errors: countOf(findings, 'error'),
    warnings: countOf(findings, 'warning'),
    notes: countOf(findings, 'note'),
  }
  return `${JSON.stringify({ schemaVersion: 1, checked, summary, findings }, undefined, 2)}\n`
}

/** @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function renderSarif({ findings }: LintReport): string {
  const codes = [...new Set(findings.map(({ code }) => code))].sort()
  const results = findings.map(({ code, severity, message, advice, file, line, column, text }) => ({
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: { text: advice === '' ? message : `${message}. ${advice}.` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(file) },
          region: { startLine: line, startColumn: column, endColumn: column + Math.max(1, text.length) },
        },
      },
    ],
  }))
  const driver = {
    name: 'fathom lint',
    version: PROGRAM_VERSION,
    informationUri: 'https://www.npmjs.com/package/fathom-dns',
    rules: codes.map((id) => ({ id })),
  }
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  }
  return `${JSON.stringify(log, undefined, 2)}\n`
}
