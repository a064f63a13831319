// bind: addresses and interface names to the addresses that the block's listeners get.
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { quoteGo } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'

/** Interface name to its addresses. */
export type Interfaces = Readonly<Record<string, readonly string[]>>

/**
 * Reads `bind ADDRESS|INTERFACE... { except ADDRESS|INTERFACE... }`, all lines of the block together.
 *
 * @throws {CorefileError} `not a valid IP address or interface name: "wg0"`
 */
export function parseBind(dispenser: Dispenser, interfaces: Interfaces = ownInterfaces()): string[] {
  const all: string[] = []
  while (dispenser.next()) {
    const wanted = dispenser.remainingArgs()
    if (wanted.length === 0) throw dispenser.error('at least one address or interface name is expected')
    const except: string[] = []
    while (dispenser.nextBlock()) {
      if (dispenser.value() !== 'except') throw dispenser.error(`invalid option ${quoteGo(dispenser.value())}`)
      const names = dispenser.remainingArgs()
      if (names.length === 0) {
        throw dispenser.error('at least one address or interface must be given to except subdirective')
      }
      except.push(...names)
    }
    const left = new Set(addressesOf(except, { dispenser, interfaces }))
    all.push(...addressesOf(wanted, { dispenser, interfaces }).filter((address) => !left.has(address)))
  }
  return [...new Set(all)]
}

function addressesOf(
  names: readonly string[],
  { dispenser, interfaces }: { dispenser: Dispenser; interfaces: Interfaces },
): string[] {
  return names.flatMap((name) => {
    const own = interfaces[name]
    if (own !== undefined) return own
    if (isIP(name) !== 0) return [name]
    throw dispenser.error(`not a valid IP address or interface name: ${quoteGo(name)}`)
  })
}

/** Link-local IPv6 addresses are only reachable with their interface: `fe80::1%eth0`. */
function ownInterfaces(): Interfaces {
  return Object.fromEntries(
    Object.entries(networkInterfaces()).map(([name, entries = []]) => [
      name,
      entries.map((entry) =>
        entry.family === 'IPv6' && entry.scopeid !== 0 ? `${entry.address}%${name}` : entry.address,
      ),
    ]),
  )
}
