import type { DoctorReport } from './doctor-report.ts'
import { renderHtml } from './html/index.ts'
import { renderJson } from './json.ts'
import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { renderText } from './text.ts'

export { buildReport } from './build-report.ts'
export type * from './doctor-report.ts'
export * from './language.ts'
export { NOTHING_KNOWN, compareRuns } from './watch/compare-runs.ts'
export type { Change, Memory } from './watch/compare-runs.ts'
export { renderChanges, renderUnreadable } from './watch/render-changes.ts'

export const REPORT_FORMATS = ['text', 'json', 'junit', 'md', 'html'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** Renders a report; every renderer reads the report's JSON and nothing else. */
export function renderReport(report: DoctorReport, format: ReportFormat, color = false): string {
  switch (format) {
    case 'text':
      return renderText(report, { color })
    case 'json':
      return renderJson(report)
    case 'junit':
      return renderJunit(report)
    case 'md':
      return renderMarkdown(report)
    case 'html':
      return renderHtml(report)
  }
}
