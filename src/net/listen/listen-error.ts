// Why a listener could not be opened, worded as CoreDNS words it: operators search for these lines.
import { BaseError } from '../../base/index.ts'
import type { Endpoint } from '../exchange-result.ts'

export type ListenErrorCode = 'address-in-use' | 'address-not-available' | 'listen-failed' | 'permission-denied'

/** `listen tcp :53: bind: address already in use`. */
export class ListenError extends BaseError<ListenErrorCode> {
  readonly endpoint: Endpoint
  readonly protocol: 'tcp' | 'udp'

  constructor(protocol: 'tcp' | 'udp', endpoint: Endpoint, cause: unknown) {
    const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const known = ERRNO[errno]
    const why = known?.text ?? (cause instanceof Error ? cause.message : String(cause))
    super(known?.code ?? 'listen-failed', `listen ${protocol} ${formatListen(endpoint)}: bind: ${why}`, { cause })
    this.endpoint = endpoint
    this.protocol = protocol
  }
}

/** `:53` for the wildcard address, else `10.0.0.1:53` or `[::1]:53`. */
export function formatListen({ address, port }: Endpoint): string {
  if (address === '::' || address === '0.0.0.0' || address === '') return `:${port}`
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

const ERRNO: Readonly<Record<string, { readonly code: ListenErrorCode; readonly text: string }>> = {
  EADDRINUSE: { code: 'address-in-use', text: 'address already in use' },
  EACCES: { code: 'permission-denied', text: 'permission denied' },
  EADDRNOTAVAIL: { code: 'address-not-available', text: 'cannot assign requested address' },
}
