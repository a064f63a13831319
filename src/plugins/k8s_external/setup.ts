// k8s_external [ZONES...] { ... }: the directive's tokens to options.
import type { Dispenser } from '../../corefile/index.ts'
import { lowerName, parseName, type DomainName } from '../../dns/index.ts'
import type { Fallthrough, SetupContext } from '../../server/index.ts'
import { fallthroughArguments, integerArgument, zoneArguments } from '../arguments.ts'

export interface ExternalDirective {
  readonly zones: readonly DomainName[]
  /** Lower case, without final dot. */
  readonly apex: string
  /** Seconds. */
  readonly ttl: number
  readonly headless: boolean
  readonly fallthrough: Fallthrough
}

const LONGEST_TTL = 3600

/** Reads the directive; a second one in a block replaces the first, as in CoreDNS. @throws {CorefileError} */
export function parseExternal(dispenser: Dispenser, context: SetupContext): ExternalDirective {
  const options = {
    zones: [] as readonly DomainName[],
    apex: 'dns',
    ttl: 5,
    headless: false,
    fallthrough: undefined as Fallthrough,
  }
  while (dispenser.next()) {
    options.zones = zoneArguments(dispenser, dispenser.remainingArgs(), context)
    while (dispenser.nextBlock()) {
      switch (dispenser.value()) {
        case 'apex':
          options.apex = apexArgument(dispenser)
          break
        case 'ttl':
          options.ttl = ttlArgument(dispenser)
          break
        case 'headless':
          options.headless = true
          break
        case 'fallthrough':
          options.fallthrough = fallthroughArguments(dispenser)
          break
        default:
          throw dispenser.error(`unknown property '${dispenser.value()}'`)
      }
    }
  }
  return options
}

function firstArgument(dispenser: Dispenser): string {
  const [first] = dispenser.remainingArgs()
  if (first === undefined) throw dispenser.argError()
  return first
}

function apexArgument(dispenser: Dispenser): string {
  const text = firstArgument(dispenser)
  try {
    return lowerName(parseName(text)).slice(0, -1)
  } catch {
    throw dispenser.error(`apex "${text}" is no domain name`)
  }
}

function ttlArgument(dispenser: Dispenser): number {
  const ttl = integerArgument(dispenser, firstArgument(dispenser))
  if (ttl < 0 || ttl > LONGEST_TTL) throw dispenser.error(`ttl must be in range [0, ${LONGEST_TTL}]: ${ttl}`)
  return ttl
}
