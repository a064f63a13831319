// What can be wrong with text that claims to be a name or a record.
import { BaseError } from '../../base/errors.ts'

export type TextErrorCode =
  | 'bad-escape'
  | 'bad-field'
  | 'bad-name'
  | 'extra-text'
  | 'label-too-long'
  | 'missing-field'
  | 'name-too-long'
  | 'unbalanced'
  | 'unknown-type'

/** Text that is not presentation format (RFC 1035 §5.1); the message quotes the offending piece. */
export class TextError extends BaseError<TextErrorCode> {}

/** At most 80 characters of some text, for an error message. */
export function excerpt(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`
}
