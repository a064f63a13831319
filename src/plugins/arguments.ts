// Option values that many directives read the same way; errors carry file and line of the token.
import { GoValueError, UsageError, describeError, parseGoDuration, parseGoInt } from '../base/index.ts'
import { expandZones, type Dispenser } from '../corefile/index.ts'
import type { DomainName } from '../dns/message.ts'
import type { BlockInfo, Fallthrough } from '../server/index.ts'

/** Reads an integer. @throws {CorefileError} `strconv.Atoi: parsing "30;": invalid syntax` */
export function integerArgument(dispenser: Dispenser, text: string): number {
  return readValue(dispenser, () => parseGoInt(text))
}

/** Reads a duration, in milliseconds. @throws {CorefileError} `time: missing unit in duration "3600"` */
export function durationArgument(dispenser: Dispenser, text: string): number {
  return readValue(dispenser, () => parseGoDuration(text))
}

/** Reads the one argument that the current option has. @throws {CorefileError} when there are none or several */
export function onlyArgument(dispenser: Dispenser): string {
  const [first, ...more] = dispenser.remainingArgs()
  if (first === undefined || more.length > 0) throw dispenser.argError()
  return first
}

/** Reads the argument that the current option may have. @throws {CorefileError} when there are several */
export function optionalArgument(dispenser: Dispenser): string | undefined {
  const [first, ...more] = dispenser.remainingArgs()
  if (more.length > 0) throw dispenser.argError()
  return first
}

/** Reads the arguments of the current option, at least one. @throws {CorefileError} when there are none */
export function someArguments(dispenser: Dispenser): readonly string[] {
  const texts = dispenser.remainingArgs()
  if (texts.length === 0) throw dispenser.argError()
  return texts
}

/** Makes sure that the current option stands alone. @throws {CorefileError} */
export function noArguments(dispenser: Dispenser): void {
  if (dispenser.remainingArgs().length > 0) throw dispenser.argError()
}

/** Zones as written, in lower case with the final dot, address blocks as reverse zones; none given: the block's. */
export function zoneArguments(
  dispenser: Dispenser,
  texts: readonly string[],
  context: { readonly block: Pick<BlockInfo, 'zones'> },
): readonly DomainName[] {
  return texts.length === 0 ? context.block.zones : readZones(dispenser, texts)
}

/** The zones after `fallthrough`; none given: every name. */
export function fallthroughArguments(dispenser: Dispenser): Fallthrough {
  return readZones(dispenser, dispenser.remainingArgs())
}

function readZones(dispenser: Dispenser, texts: readonly string[]): DomainName[] {
  return readValue(dispenser, () => texts.flatMap(expandZones))
}

/** Calls `read` and gives what is wrong with a value the place of the current token. @throws {CorefileError} */
export function readValue<T>(dispenser: Dispenser, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof GoValueError || error instanceof UsageError) throw dispenser.error(describeError(error))
    throw error
  }
}
