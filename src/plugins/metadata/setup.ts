// The `metadata [ZONES...]` directive.
import type { Dispenser } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/message.ts'
import type { SetupContext } from '../../server/index.ts'
import { zoneArguments } from '../arguments.ts'

export interface MetadataOptions {
  /** Labels are computed for names in these zones only. */
  readonly zones: readonly DomainName[]
}

/** @throws {CorefileError} for a block or a second directive */
export function parseMetadata(dispenser: Dispenser, context: SetupContext): MetadataOptions {
  dispenser.next()
  const zones = zoneArguments(dispenser, dispenser.remainingArgs(), context)
  if (dispenser.nextBlock() || dispenser.next()) throw dispenser.argError()
  return { zones }
}
