export { findingAt } from './finding.ts'
export type { Finding, LintPlace, Severity } from './finding.ts'
export * from './lint.ts'
