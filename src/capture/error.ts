// What can be wrong with a capture as a whole. What is wrong inside frames is counted, never thrown.
import { BaseError } from '../base/errors.ts'

export type CaptureErrorCode = 'bad-filter' | 'cannot-capture' | 'cannot-read' | 'cannot-write' | 'not-a-capture'

/** A capture that cannot be read, taken or written. */
export class CaptureError extends BaseError<CaptureErrorCode> {
  /** Octets from the start of the file to where the fault was seen; 0 for what is no file. */
  readonly byteOffset: number

  constructor(code: CaptureErrorCode, byteOffset: number, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.byteOffset = byteOffset
  }
}
