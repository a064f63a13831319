// UDP as the kernel counts it: /proc/net/udp (one line per socket, the last column counts drops) and /proc/net/snmp.
import { formatIpv6 } from '../../dns/index.ts'
import type { UdpSocketCounters } from './tables.ts'

/** More sockets than any DNS server keeps; a resolver's pool may have as many. */
const MAX_SOCKETS = 4096

/** Reads /proc/net/udp or /proc/net/udp6. */
export function parseUdpSockets(text: string): { readonly sockets: UdpSocketCounters[]; readonly total: number } {
  const sockets: UdpSocketCounters[] = []
  let total = 0
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/)
    const [, address, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(words[1] ?? '') ?? []
    const queue = /^[0-9A-F]+:([0-9A-F]+)$/i.exec(words[4] ?? '')?.[1]
    const drops = words[12]
    if (address === undefined || port === undefined || queue === undefined || drops === undefined) continue
    total += 1
    if (sockets.length === MAX_SOCKETS) continue
    sockets.push({
      local: { address: readAddress(address), port: Number.parseInt(port, 16) },
      receiveQueueBytes: Number.parseInt(queue, 16),
      drops: Number(drops),
    })
  }
  return { sockets, total }
}

/** Words of 32 bits in the machine's own order: little-endian wherever Kubernetes runs, but s390x. */
function readAddress(hex: string): string {
  const octets = new Uint8Array(hex.length / 2)
  for (let at = 0; at < octets.length; at += 1) {
    octets[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)
  }
  for (let word = 0; word < octets.length; word += 4) octets.subarray(word, word + 4).reverse()
  return octets.length === 4 ? octets.join('.') : formatIpv6(octets)
}

/** Reads the `Udp:` lines of /proc/net/snmp and the `Udp6` lines of /proc/net/snmp6, added up under the same names. */
export function parseUdpCounters(snmp: string, snmp6 = ''): Record<string, number> {
  const [names = [], values = []] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.trim().split(/\s+/).slice(1))
  const counters: Record<string, number> = {}
  for (const [index, name] of names.entries()) counters[name] = Number(values[index] ?? 0)
  for (const [, name = '', value] of snmp6.matchAll(/^Udp6(\w+)\s+(\d+)$/gm)) {
    counters[name] = (counters[name] ?? 0) + Number(value)
  }
  return counters
}
