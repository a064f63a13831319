// Socket addresses as the kernel reads and writes them (ip(7), ipv6(7)):
//   sockaddr_in,  16 octets: family LE 2 | port BE 2 | address 4 | zeros 8
//   sockaddr_in6, 28 octets: family LE 2 | port BE 2 | flow 4 | address 16 | scope LE 4
import { networkInterfaces } from 'node:os'

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCKADDR_IN_BYTES = 16
/** The larger of the two forms. */
export const SOCKADDR_BYTES = 28

/**
 * Writes an address as the kernel wants it.
 *
 * @param address IPv4 or IPv6 text, the latter also with `%interface` or `%index`
 * @returns how many octets: 16 for IPv4, 28 for IPv6
 */
export function writeSocketAddress(target: Uint8Array, start: number, at: { address: string; port: number }): number {
  const v6 = at.address.includes(':')
  const bytes = v6 ? SOCKADDR_BYTES : SOCKADDR_IN_BYTES
  target.fill(0, start, start + bytes)
  target[start] = v6 ? AF_INET6 : AF_INET
  target[start + 2] = at.port >> 8
  target[start + 3] = at.port & 0xff
  if (v6) writeV6(target, start + 8, at.address)
  else writeV4(target, start + 4, at.address)
  return bytes
}

/** Reads the address at `start`; an IPv4 address mapped into IPv6 comes as IPv4. */
export function readSocketAddress(source: Uint8Array, start: number): { address: string; port: number } {
  const port = ((source[start + 2] ?? 0) << 8) | (source[start + 3] ?? 0)
  if (source[start] === AF_INET) return { address: readV4(source, start + 4), port }
  const at = start + 8
  if (isMapped(source, at)) return { address: readV4(source, at + 12), port }
  const scope = readV6Scope(source, start)
  const address = readV6(source, at)
  return { address: scope === 0 ? address : `${address}%${interfaceName(scope)}`, port }
}

// --- IPv4 ---

function writeV4(target: Uint8Array, start: number, text: string): void {
  let at = start
  let value = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 0x2e) {
      target[at] = value
      at += 1
      value = 0
    } else value = value * 10 + code - 0x30
  }
  target[at] = value
}

function readV4(source: Uint8Array, at: number): string {
  return `${source[at]}.${source[at + 1]}.${source[at + 2]}.${source[at + 3]}`
}

// --- IPv6 ---

function writeV6(target: Uint8Array, start: number, text: string): void {
  const [plain = '', zone = ''] = text.split('%')
  const dotted = plain.lastIndexOf(':') + 1
  const v4 = plain.includes('.') ? plain.slice(dotted) : undefined
  const [left = '', right] = (v4 === undefined ? plain : `${plain.slice(0, dotted)}0:0`).split('::')
  const head = groupsOf(left)
  const tail = groupsOf(right ?? '')
  writeGroups(target, start, head)
  writeGroups(target, start + 16 - tail.length * 2, tail)
  if (v4 !== undefined) writeV4(target, start + 12, v4)
  if (zone !== '') new DataView(target.buffer, target.byteOffset).setUint32(start + 16, scopeOf(zone), true)
}

function groupsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function writeGroups(target: Uint8Array, start: number, groups: readonly number[]): void {
  for (const [index, value] of groups.entries()) {
    target[start + index * 2] = value >> 8
    target[start + index * 2 + 1] = value & 0xff
  }
}

function isMapped(source: Uint8Array, at: number): boolean {
  for (let index = 0; index < 10; index += 1) if (source[at + index] !== 0) return false
  return source[at + 10] === 0xff && source[at + 11] === 0xff
}

/** The canonical text (RFC 5952): lower case, the longest run of two or more zero groups as `::`. */
function readV6(source: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => {
    return (((source[at + index * 2] ?? 0) << 8) | (source[at + index * 2 + 1] ?? 0)).toString(16)
  })
  let [longest, from] = [1, -1]
  for (let start = 0; start < 8; start += 1) {
    let length = 0
    while (groups[start + length] === '0') length += 1
    if (length > longest) [longest, from] = [length, start]
  }
  if (from < 0) return groups.join(':')
  return `${groups.slice(0, from).join(':')}::${groups.slice(from + longest).join(':')}`
}

function readV6Scope(source: Uint8Array, start: number): number {
  return new DataView(source.buffer, source.byteOffset).getUint32(start + 24, true)
}

/** An interface's index, given as a number or by its name. */
function scopeOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone)
  for (const entry of networkInterfaces()[zone] ?? [])
    if (entry.family === 'IPv6' && entry.scopeid !== 0) return entry.scopeid
  return 0
}

/** By index; listing the interfaces takes far longer than answering a query. */
const interfaceNames = new Map<number, string>()

function interfaceName(scope: number): string {
  const known = interfaceNames.get(scope)
  if (known !== undefined) return known
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    for (const entry of entries ?? []) {
      if (entry.family === 'IPv6' && entry.scopeid !== 0) interfaceNames.set(entry.scopeid, name)
    }
  }
  const name = interfaceNames.get(scope) ?? String(scope)
  interfaceNames.set(scope, name)
  return name
}
