export { ExpressionError } from './error.ts'
export { compileExpression, isReservedName } from './evaluate.ts'
export type { CompiledExpression, ExpressionScope } from './evaluate.ts'
export type { ExpressionFunction, ExpressionValue } from './values.ts'
