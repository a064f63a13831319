// Per query: addresses by name, names by address.
import type { Eventual } from '../../base/index.ts'
import { addressFromReverse, type ResourceRecord } from '../../dns/index.ts'
import {
  fail,
  fallsThrough,
  matchZone,
  respond,
  type Keep,
  type Next,
  type Outcome,
  type PluginEnv,
  type PluginInstance,
  type Request,
} from '../../server/index.ts'
import type { HostsOptions } from './setup.ts'
import { HostSource } from './source.ts'
import { canonicalAddress } from './table.ts'

const BY = 'hosts'

/** Builds the plugin; the file is read here and watched until `close`. */
export function createHosts(options: HostsOptions, env: PluginEnv): PluginInstance {
  const source = new HostSource(options, env)
  const { ttl } = options
  const keep = (): Keep => ({ stamp: source.stamp })

  function handle(request: Request, next: Next): Outcome | Eventual<Outcome> {
    if (request.type === 'PTR') return answerReverse(request, next)
    const { name, question } = request
    if (matchZone(options.zones, name) === undefined) return next(request)
    const known = source.addressesOf(name)
    if (known === undefined) {
      if (fallsThrough(options.fallthrough, name)) return next(request)
      return fail(BY, 'SERVFAIL', `no host ${name} and no fallthrough`)
    }
    const owner = { name: question.name, class: 'IN', ttl }
    const reason = `hosts: ${name}`
    switch (request.type) {
      case 'A': {
        const answer = known.ipv4.map((address) => ({ ...owner, type: 'A', rdata: { type: 'A' as const, address } }))
        return respond(request, { by: BY, reason, answer, keep })
      }
      case 'AAAA': {
        const answer = known.ipv6.map((address) => ({
          ...owner,
          type: 'AAAA',
          rdata: { type: 'AAAA' as const, address },
        }))
        return respond(request, { by: BY, reason, answer, keep })
      }
      default:
        if (options.fallthroughUnsupported && fallsThrough(options.fallthrough, name)) return next(request)
        return respond(request, { by: BY, reason, keep })
    }
  }

  function answerReverse(request: Request, next: Next): Outcome | Eventual<Outcome> {
    const { name, question } = request
    const address = canonicalAddress(addressFromReverse(name) ?? '')?.text
    const names = address === undefined ? [] : source.namesOf(address)
    // Reverse zones need not be among the zones; an address that is not known is never denied.
    if (names.length === 0) return next(request)
    const answer = names.map((ptrdname): ResourceRecord => ({
      name: question.name,
      type: 'PTR',
      class: 'IN',
      ttl,
      rdata: { type: 'PTR', ptrdname },
    }))
    return respond(request, { by: BY, reason: `hosts: ${address}`, answer, keep })
  }

  return {
    handler: handle,
    hot: { stamp: source.stamp },
    close: () => {
      source.close()
      return Promise.resolve()
    },
  }
}
