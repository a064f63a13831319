// The `nsid [DATA]` directive.
import { onceError, type Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'
import { hostNameOf } from '../host-name.ts'

export interface NsidOptions {
  /** What the option holds. */
  readonly octets: Uint8Array
}

/** @throws {CorefileError} for a second directive or a block */
export function parseNsid(dispenser: Dispenser, context: SetupContext): NsidOptions {
  dispenser.next()
  const words = dispenser.remainingArgs()
  dispenser.expectNoBlock()
  if (dispenser.next()) throw onceError(dispenser)
  return { octets: Buffer.from(words.length === 0 ? hostNameOf(context) : words.join(' '), 'utf8') }
}
