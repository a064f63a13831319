// The report for programs.
import type { DoctorReport } from './doctor-report.ts'

/** Renders a report as indented JSON that ends with a line feed. */
export function renderJson(report: DoctorReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`
}
