export * from './consequences.ts'
export * from './verdict.ts'
