// Where a DNS server shows its health, readiness and metrics: ports and addresses from its Corefile.
import { createDispenser } from '../../corefile/index.ts'
import type { CorefileFact } from '../facts/index.ts'
import { phrase } from './phrase.ts'
import type { Phrase } from './phrase.ts'

export type HttpEndpoint =
  | { readonly kind: 'endpoint'; readonly address: string; readonly port: number; readonly path: string }
  | { readonly kind: 'none'; readonly why: Phrase }

const ENDPOINTS = {
  health: { directive: 'health', port: 8080, path: '/health' },
  ready: { directive: 'ready', port: 8181, path: '/ready' },
  metrics: { directive: 'prometheus', port: 9153, path: '/metrics' },
} as const

export type HttpPurpose = keyof typeof ENDPOINTS

/**
 * Finds where a server that runs this Corefile at `address` can be asked.
 *
 * `none` when the directive is absent or listens on the pod's loopback address only. Without a Corefile CoreDNS's usual
 * ports are taken.
 */
export function findHttpEndpoint(
  corefile: CorefileFact | undefined,
  purpose: HttpPurpose,
  address: string,
): HttpEndpoint {
  const { directive: name, port: usualPort, path } = ENDPOINTS[purpose]
  if (corefile === undefined || corefile.error !== undefined) {
    return { kind: 'endpoint', address, port: usualPort, path }
  }
  const directive = corefile.blocks.flatMap((block) => block.directives).find((candidate) => candidate.name === name)
  if (directive === undefined) return { kind: 'none', why: phrase('skip.no-directive', { directive: name }) }
  const dispenser = createDispenser(directive)
  dispenser.next()
  const [listen = ''] = dispenser.remainingArgs()
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, Math.max(colon, 0)).replaceAll(/[[\]]/g, '')
  const port = colon === -1 || !/^\d+$/.test(listen.slice(colon + 1)) ? usualPort : Number(listen.slice(colon + 1))
  if (/^(localhost|127\..*|::1)$/.test(host)) {
    return { kind: 'none', why: phrase('skip.loopback-only', { directive: name, listen }) }
  }
  const isAny = host === '' || host === '0.0.0.0' || host === '::'
  return { kind: 'endpoint', address: isAny ? address : host, port, path }
}
