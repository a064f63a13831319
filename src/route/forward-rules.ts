// The `forward` (and `grpc`) directives of a server block: which names go where, and how.
import type { Directive, ServerBlock, Token } from '../corefile/index.ts'
import { isSubdomain, type DomainName } from '../dns/index.ts'
import { zonesOf } from './kubernetes-options.ts'
import { optionsNamed, readStatements } from './statements.ts'

export interface ForwardRule {
  readonly plugin: 'forward' | 'grpc'
  /** Names in this zone are forwarded. */
  readonly from: DomainName
  /** But not those in these. */
  readonly except: readonly DomainName[]
  /** As written: addresses, `tls://…`, or paths of resolv.conf files. */
  readonly to: readonly string[]
  readonly policy: 'random' | 'round_robin' | 'sequential'
  /** `client`: as the query came. */
  readonly transport: 'client' | 'tcp' | 'udp-first'
  /** Failed health checks until an upstream is passed over; 0: never. */
  readonly maxFails: number
  readonly at: Token
}

/** Reads all rules of a block in the order of the text; the first whose zone holds a name takes it. */
export function readForwards(block: ServerBlock): ForwardRule[] {
  return block.directives.filter(isForward).flatMap((directive) =>
    readStatements(directive).flatMap((statement): ForwardRule[] => {
      const [from, ...to] = statement.args
      const zone = from === undefined ? undefined : zonesOf([from])[0]
      if (zone === undefined) return []
      const policy = optionsNamed(statement, 'policy')[0]?.args[0]
      const has = (name: string): boolean => optionsNamed(statement, name).length > 0
      const maxFails = Number(optionsNamed(statement, 'max_fails')[0]?.args[0] ?? 2)
      return [
        {
          plugin: directive.name === 'grpc' ? 'grpc' : 'forward',
          from: zone,
          except: optionsNamed(statement, 'except').flatMap(({ args }) => zonesOf(args)),
          to,
          policy: policy === 'round_robin' || policy === 'sequential' ? policy : 'random',
          transport: has('force_tcp') ? 'tcp' : has('prefer_udp') ? 'udp-first' : 'client',
          maxFails: Number.isInteger(maxFails) ? maxFails : 2,
          at: statement.at,
        },
      ]
    }),
  )
}

/** Whether a rule takes a name, lower-case. */
export function forwardTakes(rule: ForwardRule, name: DomainName): boolean {
  return isSubdomain(name, rule.from) && !rule.except.some((zone) => isSubdomain(name, zone))
}

function isForward({ name }: Directive): boolean {
  return name === 'forward' || name === 'grpc'
}
