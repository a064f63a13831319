// Whom to ask: the server on the command line, looked up if it is a name, or the nameservers of resolv.conf.
import { parseAddress } from '../../dns/index.ts'
import type { Endpoint } from '../../net/index.ts'
import { MAX_NAMESERVERS } from '../../route/index.ts'
import type { AskingPlace } from './asking-place.ts'
import type { Settings } from './settings.ts'
import { DigError } from './usage.ts'

export interface Server extends Endpoint {
  /** As the user named it. */
  readonly name: string
}

/** Finds the servers of a lookup, in the order in which to ask them. @throws {DigError} when there is none */
export async function findServers(settings: Settings, place: AskingPlace): Promise<readonly Server[]> {
  const { server, port, family } = settings
  if (server !== undefined) {
    const [host = '', ownPort] = server.split('#')
    const chosenPort = ownPort === undefined ? port : Number(ownPort)
    if (!Number.isInteger(chosenPort) || chosenPort > 65_535) {
      throw new DigError(`Couldn't parse port number: "${ownPort ?? ''}" is not a number from 0 to 65535`)
    }
    return (await addressesOf(host, { family, place })).map((address) => ({ address, port: chosenPort, name: host }))
  }
  if (place.noServers !== undefined) throw place.noServers()
  const nameservers = place.conf.nameservers.slice(0, MAX_NAMESERVERS)
  const candidates = nameservers.length === 0 ? ['127.0.0.1', '::1'] : nameservers
  const usable = candidates.filter((address) => family === undefined || (address.includes(':') ? 6 : 4) === family)
  if (usable.length === 0) {
    throw new DigError(`no nameserver of /etc/resolv.conf has an IPv${family} address: ${candidates.join(', ')}`)
  }
  return usable.map((address) => ({ address, port, name: address }))
}

async function addressesOf(
  host: string,
  { family, place }: { readonly family: 4 | 6 | undefined; readonly place: AskingPlace },
): Promise<readonly string[]> {
  const isAddress = parseAddress(host.replace(/%.*$/, '')) !== undefined
  if (!isAddress) return place.lookup(host, family)
  if (family !== undefined && (host.includes(':') ? 6 : 4) !== family) {
    throw new DigError(`couldn't get address for '${host}': it is not an IPv${family} address`)
  }
  return [host]
}
