// How a lookup reaches the network: with this machine's own sockets, or through a place.
import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { query } from '../../dns/index.ts'
import { exchange } from '../../net/index.ts'
import type { ExchangeOptions, ExchangeResult, Transport } from '../../net/index.ts'
import { EMPTY_RESOLV_CONF, MAX_NAMESERVERS, expandSearchList, parseResolvConf } from '../../route/index.ts'
import type { ResolvConf } from '../../route/index.ts'
import type { FileResult, Vantage } from '../../vantage/index.ts'
import { formatSkipped } from '../format-skipped.ts'
import { DigError } from './usage.ts'

/** dig's exit code for what cannot be asked at all. */
export const EXIT_BAD_QUERY = 10

/** Where a command line asks from. */
export interface AskingPlace {
  readonly conf: ResolvConf
  /** Why no nameserver is known; undefined where a resolv.conf without any means those of localhost, as for any resolver. */
  noServers?(): DigError
  /** Said below each response; undefined for this machine. */
  readonly from?: string
  exchange(options: ExchangeOptions & { readonly transport: Transport }): Promise<ExchangeResult>
  /** Finds the addresses of a server given by name, the way a program in that place would. */
  lookup(host: string, family: 4 | 6 | undefined): Promise<readonly string[]>
}

/** This machine, with its own resolver. */
export async function askFromHere(vantage: Vantage): Promise<AskingPlace> {
  const file = await vantage.readFile('/etc/resolv.conf')
  const conf = file.kind === 'file' ? parseResolvConf(file.text) : EMPTY_RESOLV_CONF
  return { conf, exchange, lookup: lookupHere }
}

/** A place that was opened, for people. */
export interface PlaceNames {
  /** What it is. */
  readonly from: string
  /** What would reach further, a line each. */
  readonly instead?: readonly string[] | undefined
}

/** Another place. Nothing of this machine's configuration is used for it. */
export async function askFrom(vantage: Vantage, { from, instead }: PlaceNames): Promise<AskingPlace> {
  const file = await vantage.readFile('/etc/resolv.conf')
  const conf = file.kind === 'file' ? parseResolvConf(file.text) : EMPTY_RESOLV_CONF
  const there: There = { vantage, conf, from, instead }
  return {
    conf,
    ...(file.kind === 'file' ? {} : { noServers: () => whyNoServers(file, there) }),
    from,
    exchange: (options) => exchangeThrough(there, options),
    lookup: (host, family) => lookupThrough(there, { host, family }),
  }
}

interface There extends PlaceNames {
  readonly vantage: Vantage
  readonly conf: ResolvConf
}

function whyNoServers(file: Exclude<FileResult, { kind: 'file' }>, { from, instead }: There): DigError {
  if (file.kind === 'absent') {
    return new DigError(
      `no nameserver is known there: ${from} has no /etc/resolv.conf of its own; name one with @SERVER`,
    )
  }
  return instead === undefined
    ? new DigError(`no nameserver is known there: ${formatSkipped(file)}; name one with @SERVER`, EXIT_BAD_QUERY)
    : cannotAsk(from, { why: ONLY_A_KUBECONFIG, ways: instead })
}

const ONLY_A_KUBECONFIG =
  'a kubeconfig alone carries neither UDP nor anything that the place itself sends, only TCP to ports of pods'

function cannotAsk(from: string, { why, ways }: { readonly why: string; readonly ways: readonly string[] }): DigError {
  return new DigError(`Cannot ask from ${from}: ${why}. What would work:`, EXIT_BAD_QUERY, ways)
}

async function exchangeThrough(
  { vantage, from, instead }: There,
  {
    server,
    message,
    transport,
    timeoutMs,
    source,
    drawId,
    onStray,
  }: ExchangeOptions & { readonly transport: Transport },
): Promise<ExchangeResult> {
  const id = drawId === undefined ? {} : { id: drawId() }
  const result = await vantage.exchange({ server, message, transport, timeoutMs, source, ...id })
  if (result.kind === 'skipped') {
    throw instead === undefined
      ? new DigError(`Cannot ask from ${from}: ${formatSkipped(result)}`, EXIT_BAD_QUERY)
      : cannotAsk(from, { why: result.why, ways: instead })
  }
  if ('stray' in result) for (const stray of result.stray) onStray?.(stray)
  return result
}

async function lookupHere(host: string, family: 4 | 6 | undefined): Promise<readonly string[]> {
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

// --- A stub resolver of our own for places: hosts file, search list, nameservers in order ---

const TIMEOUT_MS = 2000

interface Wanted {
  readonly host: string
  readonly family: 4 | 6 | undefined
}

async function lookupThrough(there: There, { host, family }: Wanted): Promise<readonly string[]> {
  const { vantage, conf, from } = there
  const hosts = await vantage.readFile('/etc/hosts')
  const listed = hosts.kind === 'file' ? addressesInHosts(hosts.text, host) : []
  const usable = listed.filter((address) => family === undefined || (address.includes(':') ? 6 : 4) === family)
  if (usable.length > 0) return usable
  for (const { name } of expandSearchList(host, conf)) {
    const types = family === undefined ? ['A', 'AAAA'] : [family === 6 ? 'AAAA' : 'A']
    const found = await Promise.all(types.map((type) => askNameservers(there, { name, type })))
    if (found.flat().length > 0) return found.flat()
  }
  throw new DigError(`couldn't get address for '${host}': not found from ${from}`)
}

function addressesInHosts(text: string, host: string): string[] {
  const wanted = host.toLowerCase().replace(/\.$/, '')
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/)
    return names.some((name) => name.toLowerCase() === wanted) ? [address] : []
  })
}

async function askNameservers(
  there: There,
  { name, type }: { readonly name: string; readonly type: string },
): Promise<string[]> {
  for (const address of there.conf.nameservers.slice(0, MAX_NAMESERVERS)) {
    const options = { server: { address, port: 53 }, message: query({ name, type }), transport: 'udp' } as const
    const result = await exchangeThrough(there, { ...options, timeoutMs: TIMEOUT_MS })
    if (result.kind !== 'response' || result.message.rcode === 'SERVFAIL') continue
    return result.message.answer.flatMap(({ rdata }) => ('address' in rdata ? [rdata.address] : []))
  }
  return []
}
