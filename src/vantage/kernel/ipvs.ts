// /proc/net/ip_vs and /proc/net/ip_vs_conn: virtual services with their real servers, and who was sent where. Addresses
// and ports are hexadecimal, IPv6 in brackets.
import { formatIpv6, parseIpv6 } from '../../dns/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { IpvsConnection, IpvsService, KernelTablesRequest } from './tables.ts'

const MAX_CONNECTIONS = 4096

/** Reads /proc/net/ip_vs; services without an address (firewall marks) are left out. */
export function parseIpvsServices(text: string): IpvsService[] {
  const services: (IpvsService & { destinations: IpvsService['destinations'][number][] })[] = []
  let current: (typeof services)[number] | undefined
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/)
    if (words[0] === '->') {
      const [, at = '', forward = '', weight, active, inactive] = words
      const address = parseHexEndpoint(at)
      if (current === undefined || address === undefined) continue
      current.destinations.push({
        address,
        forward,
        weight: Number(weight),
        active: Number(active),
        inactive: Number(inactive),
      })
    } else {
      const [protocol = '', at = '', scheduler = ''] = words
      const address = parseHexEndpoint(at)
      current =
        address === undefined ? undefined : { protocol: protocol.toLowerCase(), address, scheduler, destinations: [] }
      if (current !== undefined) services.push(current)
    }
  }
  return services
}

/** Reads /proc/net/ip_vs_conn: those to port 53 or to one of the addresses. */
export function parseIpvsConnections(
  text: string,
  { addresses }: Pick<KernelTablesRequest, 'addresses'>,
): IpvsConnection[] {
  const wanted = new Set(addresses)
  const found: IpvsConnection[] = []
  for (const line of text.split('\n')) {
    const [
      protocol = '',
      from = '',
      fromPort = '',
      to = '',
      toPort = '',
      real = '',
      realPort = '',
      state = '',
      expires,
    ] = line.trim().split(/\s+/)
    const client = parseHexEndpoint(`${from}:${fromPort}`)
    const service = parseHexEndpoint(`${to}:${toPort}`)
    const destination = parseHexEndpoint(`${real}:${realPort}`)
    if (client === undefined || service === undefined || destination === undefined) continue
    if (service.port !== 53 && !wanted.has(service.address)) continue
    found.push({
      protocol: protocol.toLowerCase(),
      client,
      service,
      destination,
      state,
      expiresSeconds: Number(expires),
    })
    if (found.length === MAX_CONNECTIONS) break
  }
  return found
}

/** `0AE90003:0035`, `[2001:0db8:…:0001]:0035`; undefined for anything else. */
function parseHexEndpoint(text: string): Endpoint | undefined {
  const [, v4, v6, port = ''] = /^(?:([0-9A-F]{8})|\[?([0-9A-F:]{3,39})\]?):([0-9A-F]{1,4})$/i.exec(text) ?? []
  if (v4 !== undefined) {
    const octets = v4.match(/../g)?.map((octet) => Number.parseInt(octet, 16)) ?? []
    return { address: octets.join('.'), port: Number.parseInt(port, 16) }
  }
  if (v6 === undefined || !v6.includes(':')) return undefined
  const octets = parseIpv6(v6)
  return octets === undefined ? undefined : { address: formatIpv6(octets), port: Number.parseInt(port, 16) }
}
