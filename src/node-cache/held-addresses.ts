// Which sockets of this network namespace listen for DNS, read from /proc: an instance that stops looks here whether another one
// serves the addresses already.
import { readFileSync } from 'node:fs'
import { parseAddress } from '../dns/index.ts'

/** A socket that hears everybody; one that is about to close is connected, see `BatchSocket.close`. */
const UNCONNECTED = /^0+:0000$/

/**
 * Whether somebody in this network namespace serves one of these very addresses and this port over UDP.
 *
 * @param tables texts of `/proc/net/udp` and `/proc/net/udp6`; default: this process's
 */
export function isAddressHeld(
  addresses: readonly string[],
  port: number,
  tables: readonly string[] = ownTables(),
): boolean {
  const wanted = new Set(addresses.map((address) => `${kernelHex(address)}:${hexPort(port)}`))
  return tables.some((table) =>
    table.split('\n').some((line) => {
      const [, local = '', remote = ''] = line.trim().split(/\s+/)
      return wanted.has(local) && UNCONNECTED.test(remote)
    }),
  )
}

function ownTables(): string[] {
  return ['/proc/self/net/udp', '/proc/self/net/udp6'].map((path) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      // Not Linux, or no IPv6.
      return ''
    }
  })
}

/** The kernel prints addresses as 32-bit words in the machine's byte order. */
function kernelHex(address: string): string {
  const octets = parseAddress(address) ?? new Uint8Array()
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  let text = ''
  for (let at = 0; at + 4 <= octets.length; at += 4) {
    text += view.getUint32(at, IS_LITTLE_ENDIAN).toString(16).padStart(8, '0')
  }
  return text.toUpperCase()
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function hexPort(port: number): string {
  return port.toString(16).padStart(4, '0').toUpperCase()
}
