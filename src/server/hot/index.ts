export { HotAnswers } from './hot-answers.ts'
export type { HotChain } from './hot-answers.ts'
export * from './keep.ts'
