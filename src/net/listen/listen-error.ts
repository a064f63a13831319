// Why a listener could not be opened, worded as CoreDNS words it: operators search for these lines.
import { BaseError } from '../../base/index.ts'
import type { Endpoint } from '../exchange-result.ts'

export type ListenErrorCode = 'address-in-use' | 'address-not-available' | 'listen-failed' | 'permission-denied'

/** `listen tcp :53: bind: address already in use`. */
export class ListenError extends BaseError<ListenErrorCode> {
  readonly endpoint: Endpoint
  readonly protocol: 'tcp' | 'udp'
  /** Who wanted to listen, where that is known: `"health" at Corefile:3`. */
  readonly wantedBy: string | undefined

  constructor(protocol: 'tcp' | 'udp', endpoint: Endpoint, cause: unknown, wantedBy?: string) {
    const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const known = ERRNO[errno]
    const why = known?.text ?? (cause instanceof Error ? cause.message : String(cause))
    super(known?.code ?? 'listen-failed', `listen ${protocol} ${formatListen(endpoint)}: bind: ${why}`, { cause })
    this.endpoint = endpoint
    this.protocol = protocol
    this.wantedBy = wantedBy
  }

  /** The same for somebody. */
  for(wantedBy: string): ListenError {
    return new ListenError(this.protocol, this.endpoint, this.cause, this.wantedBy ?? wantedBy)
  }

  /** What a person can do, and who wanted to listen; a line of its own below the message. */
  get hint(): string {
    const by = this.wantedBy === undefined ? 'A listener' : this.wantedBy
    return `${by} wants to listen there; ${ADVICE[this.code]}`
  }
}

/** `:53` for the wildcard address, else `10.0.0.1:53` or `[::1]:53`. */
export function formatListen({ address, port }: Endpoint): string {
  if (address === '::' || address === '0.0.0.0' || address === '') return `:${port}`
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

const ADVICE: Readonly<Record<ListenErrorCode, string>> = {
  'address-in-use': 'another program, or another part of this Corefile, does so already ("ss -lntup" lists who)',
  'address-not-available': 'no interface of this machine has that address',
  'listen-failed': 'choose another address or port',
  'permission-denied':
    'ports below 1024 need root or the capability NET_BIND_SERVICE (in a Pod: securityContext.capabilities.add), or choose a higher port',
}

const ERRNO: Readonly<Record<string, { readonly code: ListenErrorCode; readonly text: string }>> = {
  EADDRINUSE: { code: 'address-in-use', text: 'address already in use' },
  EACCES: { code: 'permission-denied', text: 'permission denied' },
  EADDRNOTAVAIL: { code: 'address-not-available', text: 'cannot assign requested address' },
}
