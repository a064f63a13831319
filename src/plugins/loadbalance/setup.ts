// The `loadbalance` directive: how addresses are ordered.
import { BlockList, isIP } from 'node:net'
import { isAbsolute, join } from 'node:path'
import { parseGoDuration, quoteGo } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'

export interface LoadbalanceOptions {
  /** Undefined: at random. */
  readonly weighted: WeightedOptions | undefined
  /** Addresses of the first come first, then those of the second, then all others. */
  readonly preferred: readonly BlockList[]
}

export interface WeightedOptions {
  readonly file: string
  /** How often the file is looked at; 0 means never again. */
  readonly reloadMs: number
}

const DEFAULT_RELOAD_MS = 30_000

/** @throws {CorefileError} */
export function parseLoadbalance(dispenser: Dispenser, context: SetupContext): LoadbalanceOptions {
  let weighted: WeightedOptions | undefined
  const preferred: BlockList[] = []
  while (dispenser.next()) {
    const [policy = 'round_robin', ...args] = dispenser.remainingArgs()
    let reloadMs = DEFAULT_RELOAD_MS
    let file: string | undefined
    if (policy === 'round_robin') {
      if (args.length > 0) throw dispenser.error(`unknown property for ${policy}`)
    } else if (policy === 'weighted') {
      if (args.length > 1) throw dispenser.error('unexpected argument(s)')
      if (args[0] === undefined) throw dispenser.error('missing weight file argument')
      file = isAbsolute(args[0]) ? args[0] : join(context.root, args[0])
    } else {
      throw dispenser.error(`unknown policy: ${policy}`)
    }
    while (dispenser.nextBlock()) {
      if (dispenser.value() === 'prefer') {
        preferred.push(...dispenser.remainingArgs().map((text) => parseCidr(dispenser, text)))
      } else if (dispenser.value() === 'reload' && file !== undefined) {
        reloadMs = parseReloadTime(dispenser)
      } else {
        throw dispenser.error(`unknown property '${dispenser.value()}'`)
      }
    }
    weighted = file === undefined ? undefined : { file, reloadMs }
  }
  return { weighted, preferred }
}

function parseReloadTime(dispenser: Dispenser): number {
  const [text, ...more] = dispenser.remainingArgs()
  if (text === undefined) throw dispenser.error('reload duration value is missing')
  if (more.length > 0) throw dispenser.error('unexpected argument')
  try {
    return parseGoDuration(text)
  } catch {
    throw dispenser.error(`invalid reload duration '${text}'`)
  }
}

function parseCidr(dispenser: Dispenser, text: string): BlockList {
  const [address = '', bits = '', ...more] = text.split('/')
  const family = isIP(address)
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (family === 0 || more.length > 0 || !(prefix <= (family === 4 ? 32 : 128))) {
    throw dispenser.error(`invalid CIDR ${quoteGo(text)}: invalid CIDR address: ${text}`)
  }
  const block = new BlockList()
  block.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return block
}
