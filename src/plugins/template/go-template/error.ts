// What can be wrong with a template.
import { BaseError } from '../../../base/index.ts'

/** A template cannot be parsed, or cannot be carried out with the values at hand. */
export class TemplateError extends BaseError<'execute' | 'parse'> {}
