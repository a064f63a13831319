export { findingAt } from './finding.ts'
export type { Finding, Severity } from './finding.ts'
export * from './lint.ts'
