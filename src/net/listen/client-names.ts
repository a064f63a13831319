// Clients' addresses as the kernel writes them, where datagrams are moved in batches. Hot path.
import type { RemoteInfo } from 'node:dgram'
import { SOCKADDR_BYTES, writeSocketAddress } from '../../sys/index.ts'

export const AF_INET = 2
/** `::ffff:0:0/96` in words as this machine reads them: little-endian, see the layouts' condition in libc.ts. */
const MAPPED_WORD = 0xffff0000 | 0

/** Whether the socket address at word `name` is an IPv4 address mapped into IPv6. */
export function isMapped(nameWords: Int32Array, name: number): boolean {
  return nameWords[name + 2] === 0 && nameWords[name + 3] === 0 && nameWords[name + 4] === MAPPED_WORD
}

/** The addresses that Node gave last, as the kernel writes them: reading them from text costs more than a whole answer. */
const encodedNames = new Map<string, Uint8Array>()
const MAX_ENCODED_NAMES = 1024

/** Writes where Node says that a datagram came from to the start of `names`. */
export function writeFrom(names: Uint8Array, { address, port }: RemoteInfo): void {
  let encoded = encodedNames.get(address)
  if (encoded === undefined) {
    if (encodedNames.size >= MAX_ENCODED_NAMES) encodedNames.clear()
    const full = new Uint8Array(SOCKADDR_BYTES)
    encoded = full.subarray(0, writeSocketAddress(full, 0, { address, port }))
    encodedNames.set(address, encoded)
  }
  names.set(encoded, 0)
  names[2] = port >> 8
  names[3] = port & 0xff
}
