// The `chaos [VERSION] [AUTHORS...]` directive.
import { PROGRAM_VERSION } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { CharacterString } from '../../dns/message.ts'
import type { SetupContext } from '../../server/index.ts'
import { hostNameOf, toOctetString } from '../host-name.ts'

export interface ChaosOptions {
  readonly version: CharacterString
  /** Sorted, each once. */
  readonly authors: readonly CharacterString[]
  readonly hostName: CharacterString
}

/** Octets of a character-string (RFC 1035 §3.3). */
const MAX_OCTETS = 255

/** @throws {CorefileError} for a block that is not empty */
export function parseChaos(dispenser: Dispenser, context: SetupContext): ChaosOptions {
  dispenser.next()
  const [version = `Fathom-${PROGRAM_VERSION}`, ...authors] = dispenser.remainingArgs()
  if (dispenser.nextBlock()) throw dispenser.error(`unknown property '${dispenser.value()}'`)
  return {
    version: characterString(version),
    authors: authors.length === 0 ? ['The Fathom Authors'] : [...new Set(authors)].sort().map(characterString),
    hostName: characterString(hostNameOf(context)),
  }
}

function characterString(text: string): CharacterString {
  return toOctetString(text).slice(0, MAX_OCTETS)
}
