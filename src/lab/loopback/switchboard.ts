// Where cluster addresses really are: every listener of the lab sits on a loopback port, and this table says which. Nothing is ever
// sent to an address that is not in it: unknown ones are silent, as an address that nobody owns is.
import { isIPv6 } from 'node:net'
import type { Endpoint } from '../../net/exchange-result.ts'

/** Who asks: a process or prober on a node, with the address that its wildcard listeners get. */
export interface Origin {
  readonly node: string
  /** The pod's address, or the node's for hostNetwork pods and nodes. */
  readonly address: string
}

export type Reach =
  | { readonly kind: 'port'; readonly endpoint: Endpoint }
  /** The address is alive, the port is closed, or kube-proxy rejects because a Service has no endpoint. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' }

/** Decides about addresses that are no listener's own: Service IPs. Undefined when the address is not its business. */
export type Resolver = (from: Origin, endpoint: Endpoint) => Reach | undefined

/** Stands for every loopback address at which a wildcard listener is reached from its own namespace. */
const ANY_LOOPBACK = '127.0.0.0'

export class Switchboard {
  /** `scope|address|port` -> loopback endpoint; scope is a node's name for addresses that mean another thing on every node. */
  readonly #listeners = new Map<string, Endpoint>()
  readonly #alive = new Map<string, number>()
  readonly #resolvers: Resolver[] = []

  /** Puts a listener into the table; the result takes it out again. */
  register(owner: Origin, wanted: Endpoint, actual: Endpoint): () => void {
    const address = isWildcard(wanted.address) ? owner.address : wanted.address
    const keys = [keyOf(owner, { address, port: wanted.port })]
    if (isWildcard(wanted.address)) keys.push(keyOf(owner, { address: ANY_LOOPBACK, port: wanted.port }))
    for (const key of keys) this.#listeners.set(key, actual)
    return () => {
      for (const key of keys) if (this.#listeners.get(key) === actual) this.#listeners.delete(key)
    }
  }

  /** Every listener: the scope of its address (empty: the whole cluster), address and port, and where it really is. */
  listeners(): {
    readonly scope: string
    readonly address: string
    readonly port: number
    readonly actual: Endpoint
  }[] {
    return [...this.#listeners].flatMap(([key, actual]) => {
      const [scope = '', address = '', port] = key.split('|')
      return address === ANY_LOOPBACK ? [] : [{ scope, address, port: Number(port), actual }]
    })
  }

  /** Says that an address answers for itself, so that its closed ports refuse instead of staying silent; the result takes that back. */
  registerAddress(address: string): () => void {
    this.#alive.set(address, (this.#alive.get(address) ?? 0) + 1)
    return () => {
      const left = (this.#alive.get(address) ?? 1) - 1
      if (left === 0) this.#alive.delete(address)
      else this.#alive.set(address, left)
    }
  }

  /** Asks `resolver` before the table is looked at. */
  addResolver(resolver: Resolver): void {
    this.#resolvers.push(resolver)
  }

  /** What a packet from there to this address and port meets. */
  resolve(from: Origin, { address, port }: Endpoint): Reach {
    for (const resolver of this.#resolvers) {
      const reach = resolver(from, { address, port })
      if (reach !== undefined) return reach
    }
    const endpoint =
      this.#listeners.get(keyOf(from, { address, port })) ??
      (isOwnAlone(address) ? this.#listeners.get(keyOf(from, { address: ANY_LOOPBACK, port })) : undefined)
    if (endpoint !== undefined) return { kind: 'port', endpoint }
    const isAlive = isOwnAlone(address) || address === from.address || this.#alive.has(address)
    return { kind: isAlive ? 'refused' : 'silent' }
  }
}

function keyOf(owner: Origin, { address, port }: Endpoint): string {
  return `${scopeOf(owner, address)}|${address}|${port}`
}

/** Link-local addresses are the node's; loopback addresses are each network namespace's own. */
function scopeOf({ node, address: own }: Origin, address: string): string {
  if (isOwnAlone(address)) return own
  return isLinkLocal(address) ? node : ''
}

function isOwnAlone(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || (isIPv6(address) && /^fe[89ab]/i.test(address))
}

function isWildcard(address: string): boolean {
  return address === '' || address === '::' || address === '0.0.0.0'
}
