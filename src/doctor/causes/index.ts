export type * from './cause.ts'
export * from './codes.ts'
export * from './judgement.ts'
export * from './registry.ts'
