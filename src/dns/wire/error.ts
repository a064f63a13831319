// What can be wrong with octets that claim to be a DNS message.
import { BaseError } from '../../base/errors.ts'

export type WireErrorCode =
  | 'bad-label-type'
  | 'bad-pointer'
  | 'bad-rdata'
  | 'label-too-long'
  | 'message-too-large'
  | 'name-too-long'
  | 'too-many-records'
  | 'truncated'

/** A message, or a piece of one, that cannot be decoded or encoded. */
export class WireError extends BaseError<WireErrorCode> {
  /** Octets from the start of the message to where the fault was seen. */
  readonly offset: number

  constructor(code: WireErrorCode, offset: number, message: string) {
    super(code, message)
    this.offset = offset
  }
}
