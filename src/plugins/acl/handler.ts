// Decides by zone, type and source address whether a query may go on. Stands behind rewrite and autopath and before cache,
// so that it judges the name that is really looked up, and cached answers too.
import {
  FIXED,
  matchZone,
  respond,
  type Handler,
  type Metrics,
  type Outcome,
  type PluginEnv,
  type PluginInstance,
} from '../../server/index.ts'
import type { HotTrait, Request } from '../../server/index.ts'
import { readAddress } from './address-set.ts'
import type { AclAction, AclPolicy, AclRule } from './setup.ts'

/** INFO-CODEs of extended DNS errors (RFC 8914 §4.16, §4.18). */
const EDE_OPTION = 15
const EDE_BLOCKED = 15
const EDE_FILTERED = 17

export function createAcl(
  rules: readonly AclRule[],
  env: Pick<PluginEnv, 'log' | 'metrics'>,
): Pick<PluginInstance, 'handler' | 'hot'> {
  const counters = createCounters(env.metrics)
  const handler: Handler = (request, next) => {
    for (const rule of rules) {
      const zone = matchZone(rule.zones, request.name)
      const action = zone === undefined ? undefined : decide(rule.policies, request, env)
      if (zone === undefined || action === undefined) continue
      if (action === 'allow') break
      const labels = [request.server, zone, '']
      counters[action].inc(labels)
      return refuse(action, request, (hits) => counters[action].inc(labels, hits))
    }
    counters.allow.inc([request.server, ''])
    return next(request)
  }
  const hot: HotTrait = {
    perClient: true,
    counts({ server }) {
      const allowed = counters.allow.labeled([server, ''])
      return { add: (hits) => allowed.inc(hits) }
    },
  }
  return { handler, hot }
}

/** What the first matching policy says; undefined when none matches. */
function decide(
  policies: readonly AclPolicy[],
  request: Request,
  { log }: Pick<PluginEnv, 'log'>,
): AclAction | undefined {
  const source = readAddress(request.client.address)
  if (source === undefined) {
    log.error(`Blocking request. Unable to parse source address: ${request.client.address}`)
    return 'block'
  }
  return policies.find(({ types, sources }) => types?.has(request.type) !== false && sources?.has(source) !== false)
    ?.action
}

function refuse(action: Exclude<AclAction, 'allow'>, request: Request, tally: (hits: number) => void): Outcome {
  const parts = { by: 'acl', aa: false, keep: () => ({ stamp: FIXED, tally }) } as const
  switch (action) {
    case 'drop':
      return { kind: 'drop', by: 'acl' }
    case 'block':
      return respond(request, { ...parts, rcode: 'REFUSED', options: [extendedError(EDE_BLOCKED)] })
    case 'filter':
      return respond(request, { ...parts, options: [extendedError(EDE_FILTERED)] })
  }
}

function extendedError(code: number): { readonly code: number; readonly octets: Uint8Array } {
  return { code: EDE_OPTION, octets: Uint8Array.of(0, code) }
}

function createCounters(metrics: Metrics): Record<AclAction, ReturnType<Metrics['counter']>> {
  const labels = ['server', 'zone', 'view']
  return {
    allow: metrics.counter({
      name: 'coredns_acl_allowed_requests_total',
      help: 'Counter of DNS requests being allowed.',
      labels: ['server', 'view'],
    }),
    block: metrics.counter({
      name: 'coredns_acl_blocked_requests_total',
      help: 'Counter of DNS requests being blocked.',
      labels,
    }),
    drop: metrics.counter({
      name: 'coredns_acl_dropped_requests_total',
      help: 'Counter of DNS requests being dropped.',
      labels,
    }),
    filter: metrics.counter({
      name: 'coredns_acl_filtered_requests_total',
      help: 'Counter of DNS requests being filtered.',
      labels,
    }),
  }
}
