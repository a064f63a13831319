export * from './consequences.ts'
export type * from './diagnosis.ts'
export * from './verdict.ts'
export { unansweringReplicas } from './unanswering.ts'
