// The keys of a server block: scheme, zones and port; and which blocks may not stand beside each other.
import { describeError } from '../base/index.ts'
import type { DomainName } from '../dns/message.ts'
import type { ServerBlock, Token } from './ast.ts'
import { CorefileError } from './errors.ts'
import { SCHEME, splitHostPort } from './zones.ts'

export type KeyTransport = 'dns' | 'grpc' | 'https' | 'https3' | 'quic' | 'tls'

/** One zone of one key: an address block such as `10.0.0.0/22` gives several. */
export interface ServedZone {
  readonly zone: DomainName
  readonly transport: KeyTransport
  /** 0 lets the system choose. */
  readonly port: number
  /** The key it comes from. */
  readonly at: Token
}

const DEFAULT_PORTS: Readonly<Record<Exclude<KeyTransport, 'dns'>, number>> = {
  grpc: 443,
  https: 443,
  https3: 443,
  quic: 853,
  tls: 853,
}

/**
 * Reads one key: `[SCHEME://]ZONE[:PORT]` or `[SCHEME://]CIDR[:PORT]`, in any case.
 *
 * @param dnsPort port of a `dns` key that names none: 53, or what `-dns.port` says
 * @throws {CorefileError} `bad-key`
 */
export function parseKey(key: Token, dnsPort = 53): ServedZone[] {
  const text = key.text.toLowerCase()
  const scheme = SCHEME.exec(text)?.[1] ?? 'dns'
  if (scheme === 'unix') {
    throw new CorefileError('bad-key', `${key.file}:${key.line} - cannot listen on a Unix socket: ${key.text}`, {
      at: key,
    })
  }
  const transport = scheme as KeyTransport
  try {
    const { zones, port } = splitHostPort(text.replace(SCHEME, ''))
    const defaultPort = transport === 'dns' ? dnsPort : DEFAULT_PORTS[transport]
    return zones.map((zone) => ({ zone, transport, port: port ?? defaultPort, at: key }))
  } catch (error) {
    const message = `${key.file}:${key.line} - Error during parsing: ${describeError(error)}`
    throw new CorefileError('bad-key', message, { at: key, cause: error })
  }
}

/** The zones of all keys of a block, in the order of the text. @throws {CorefileError} `bad-key` */
export function parseKeys(block: ServerBlock, dnsPort = 53): ServedZone[] {
  return block.keys.flatMap((key) => parseKey(key, dnsPort))
}

// --- Blocks that exclude each other ---

export interface BoundZone extends ServedZone {
  /** The address that `bind` gave; empty for the wildcard address. */
  readonly address: string
  /** The block has `view`: it may share zone and address with others. */
  readonly isFiltered?: boolean
}

/**
 * Checks that no zone is served twice on one address, nor on the wildcard address and another one at once.
 *
 * @param zones of all blocks in the order of the Corefile, once for each of their addresses
 * @throws {CorefileError} `already-defined`: `cannot serve dns://.:53 - it is already defined`, or
 *   `cannot serve dns://.:53 on 10.0.0.1 - zone overlap listener capacity with dns://.:53`
 */
export function checkOverlap(zones: readonly BoundZone[]): void {
  const registered = new Map<string, BoundZone>()
  /** By zone and port, whatever the address: the first that has it. */
  const anyAddress = new Map<string, BoundZone>()
  for (const bound of zones) {
    const identity = describeZone(bound)
    const wildcard = describeZone({ ...bound, address: '' })
    const same = registered.get(identity)
    if (same !== undefined) {
      throw refused(`cannot serve ${identity} - it is already defined`, bound, same)
    }
    const overlap = bound.address === '' ? anyAddress.get(wildcard) : registered.get(wildcard)
    if (overlap !== undefined) {
      const message = `cannot serve ${identity} - zone overlap listener capacity with ${describeZone(overlap)}`
      throw refused(message, bound, overlap)
    }
    if (bound.isFiltered === true) continue
    registered.set(identity, bound)
    if (!anyAddress.has(wildcard)) anyAddress.set(wildcard, bound)
  }
}

function refused(message: string, second: BoundZone, first: BoundZone): CorefileError {
  const hint = `${first.at.file}:${first.at.line} defines it first, ${second.at.file}:${second.at.line} again`
  return new CorefileError('already-defined', message, { at: second.at, hint })
}

/** `dns://.:53`, `dns://.:53 on 10.0.0.1`. */
function describeZone({ transport, zone, port, address }: BoundZone): string {
  return `${transport}://${zone}:${port}${address === '' ? '' : ` on ${address}`}`
}
