// Whom to ask: the server on the command line, looked up if it is a name, or the nameservers of resolv.conf.
import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { parseAddress } from '../../dns/index.ts'
import type { Endpoint } from '../../net/index.ts'
import { EMPTY_RESOLV_CONF, MAX_NAMESERVERS, parseResolvConf } from '../../route/index.ts'
import type { ResolvConf } from '../../route/index.ts'
import type { Vantage } from '../../vantage/index.ts'
import type { Settings } from './settings.ts'
import { DigError } from './usage.ts'

export interface Server extends Endpoint {
  /** As the user named it. */
  readonly name: string
}

/** Reads the resolver configuration of the place that asks; empty when there is none. */
export async function readResolvConf(vantage: Vantage): Promise<ResolvConf> {
  const file = await vantage.readFile('/etc/resolv.conf')
  return file.kind === 'file' ? parseResolvConf(file.text) : EMPTY_RESOLV_CONF
}

/** Finds the servers of a lookup, in the order in which to ask them. @throws {DigError} when there is none */
export async function findServers(settings: Settings, conf: ResolvConf): Promise<readonly Server[]> {
  const { server, port, family } = settings
  if (server !== undefined) {
    const [host = '', ownPort] = server.split('#')
    const chosenPort = ownPort === undefined ? port : Number(ownPort)
    if (!Number.isInteger(chosenPort) || chosenPort > 65_535) {
      throw new DigError(`Couldn't parse port number: "${ownPort ?? ''}" is not a number from 0 to 65535`)
    }
    return (await addressesOf(host, family)).map((address) => ({ address, port: chosenPort, name: host }))
  }
  const nameservers = conf.nameservers.slice(0, MAX_NAMESERVERS)
  const candidates = nameservers.length === 0 ? ['127.0.0.1', '::1'] : nameservers
  const usable = candidates.filter((address) => family === undefined || (address.includes(':') ? 6 : 4) === family)
  if (usable.length === 0) {
    throw new DigError(`no nameserver of /etc/resolv.conf has an IPv${family} address: ${candidates.join(', ')}`)
  }
  return usable.map((address) => ({ address, port, name: address }))
}

async function addressesOf(host: string, family: 4 | 6 | undefined): Promise<readonly string[]> {
  const isAddress = parseAddress(host.replace(/%.*$/, '')) !== undefined
  if (isAddress) {
    if (family !== undefined && (host.includes(':') ? 6 : 4) !== family) {
      throw new DigError(`couldn't get address for '${host}': it is not an IPv${family} address`)
    }
    return [host]
  }
  let found: LookupAddress[] = []
  let reason = 'not found'
  try {
    found = await lookup(host, { all: true, family: family ?? 0, verbatim: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAI_AGAIN') reason = 'the resolver of this machine does not answer'
  }
  if (found.length === 0) throw new DigError(`couldn't get address for '${host}': ${reason}`)
  return [...new Set(found.map(({ address }) => address))]
}
