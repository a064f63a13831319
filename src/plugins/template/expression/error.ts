// What can be wrong with an expression.
import { BaseError } from '../../../base/index.ts'

/** An expression cannot be parsed, or cannot be carried out with the values at hand. */
export class ExpressionError extends BaseError<'evaluate' | 'parse'> {}
