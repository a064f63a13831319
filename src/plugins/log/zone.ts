// Names as `log` takes them: any case, with or without the final dot.
import { describeError } from '../../base/index.ts'
import { normalizeZone } from '../../corefile/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/index.ts'

/** The zone in lower case with its final dot. @throws {CorefileError} */
export function readZone(dispenser: Dispenser, text: string): DomainName {
  try {
    return normalizeZone(text)
  } catch (error) {
    throw dispenser.error(describeError(error))
  }
}
