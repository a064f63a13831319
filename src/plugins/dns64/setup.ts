// The `dns64 [PREFIX] { prefix PREFIX ; translate_all ; allow_ipv4 }` directive.
import { describeError } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { optionalArgument } from '../arguments.ts'
import { parsePrefix, type Dns64Prefix } from './prefix.ts'

export interface Dns64Options {
  readonly prefix: Dns64Prefix
  /** Translate although the name has AAAA records of its own. */
  readonly translateAll: boolean
  /** Translate for clients that ask over IPv4 too. */
  readonly allowIpv4: boolean
}

/** RFC 6052 §2.1. */
const WELL_KNOWN_PREFIX = '64:ff9b::/96'

/** @throws {CorefileError} */
export function parseDns64(dispenser: Dispenser): Dns64Options {
  let options: Dns64Options = { prefix: parsePrefix(WELL_KNOWN_PREFIX), translateAll: false, allowIpv4: false }
  while (dispenser.next()) {
    const text = optionalArgument(dispenser)
    if (text !== undefined) options = { ...options, prefix: readPrefix(dispenser, text) }
    while (dispenser.nextBlock()) options = { ...options, ...parseOption(dispenser) }
  }
  return options
}

function parseOption(dispenser: Dispenser): Partial<Dns64Options> {
  switch (dispenser.value()) {
    case 'prefix':
      if (!dispenser.nextArg()) throw dispenser.argError()
      return { prefix: readPrefix(dispenser, dispenser.value()) }
    case 'translate_all':
      return { translateAll: true }
    case 'allow_ipv4':
      return { allowIpv4: true }
    default:
      throw dispenser.error(`unknown property '${dispenser.value()}'`)
  }
}

function readPrefix(dispenser: Dispenser, text: string): Dns64Prefix {
  try {
    return parsePrefix(text)
  } catch (error) {
    throw dispenser.error(describeError(error))
  }
}
