// One `forward` line at work: its upstreams, its limit of queries under way, and the questions that it merges.
import { EDNS_OPTION, type Message } from '../../dns/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { ConnectUpstream, UpstreamSettings } from '../../net/upstream/index.ts'
import { fail, isInZone, respond, type Outcome, type PluginEnv, type Request } from '../../server/index.ts'
import { askUpstreams, type AttemptOutcome } from './attempts.ts'
import { Flights } from './flights.ts'
import type { ForwardMetrics } from './metrics.ts'
import { createPolicy } from './policy.ts'
import { resolveHost, systemResolvers } from './resolve.ts'
import type { ForwardRule } from './setup.ts'
import type { Target } from './targets.ts'
import { Upstream, type UpstreamStatus } from './upstream.ts'

/** What a client waits at most. */
const TIMEOUT_MS = 5000
/** Queries under way where `max_concurrent` does not say: what is left of memory is worth more than one more query. */
const MAX_CONCURRENT = 65_536
const MAX_UPSTREAMS = 15

export interface RunningRule {
  matches(request: Request): boolean
  /** Asks the upstreams; `goesOn` when the block's next `forward` is to be asked instead of using the outcome. */
  forward(request: Request): Promise<{ readonly outcome: Outcome; readonly goesOn: boolean }>
  /** Looks up host names. Rejects when one is not found. */
  start(): Promise<void>
  status(): readonly UpstreamStatus[]
}

export interface RuleEnv {
  readonly env: PluginEnv
  readonly connect: ConnectUpstream
  readonly metrics: ForwardMetrics
}

/** Makes the upstreams of a rule; the same ones again after a reload that left their options as they were. */
export function runRule(rule: ForwardRule, { env, connect, metrics }: RuleEnv): RunningRule {
  const order = createPolicy<Upstream>(rule.policy)
  const flights = new Flights<AttemptOutcome>()
  const limit = rule.maxConcurrent === 0 ? MAX_CONCURRENT : rule.maxConcurrent
  let upstreams: readonly Upstream[] = rule.targets
    .filter((target) => target.isAddress)
    .map((target) => makeUpstream(target, target.host))
  let underWay = 0

  function makeUpstream(target: Target, address: string): Upstream {
    const settings = settingsOf(rule, target, { env, address })
    const options = {
      settings,
      maxFails: rule.maxFails,
      probeIntervalMs: rule.health.intervalMs,
      probeDomain: rule.health.domain,
      probeRecursionDesired: rule.health.recursionDesired,
      probeTransport: rule.forceTcp ? 'tcp' : 'udp',
    } as const
    return env.shared(
      `forward ${JSON.stringify(options)}`,
      () => new Upstream(options, { connect, clock: env.clock, metrics: env.metrics }),
      (upstream) => upstream.close(),
    )
  }

  async function ask(request: Request): Promise<AttemptOutcome> {
    const now = env.clock.monotonic
    return askUpstreams(order(upstreams), rule, {
      query: request.message,
      transport: request.transport === 'udp' ? 'udp' : 'tcp',
      deadlineAt: Math.min(now() + TIMEOUT_MS, request.deadlineAt ?? Infinity),
      now,
      foundAllDown: () => metrics.allDown.inc(),
    })
  }

  return {
    matches: (request) =>
      isInZone(request.name, rule.from) &&
      (request.name === rule.from || !rule.except.some((zone) => isInZone(request.name, zone))),
    async forward(request) {
      if (underWay >= limit) {
        metrics.rejected.inc()
        const error = `concurrent queries exceeded maximum ${limit}`
        return { outcome: fail('forward', 'REFUSED', error), goesOn: false }
      }
      underWay += 1
      try {
        const { result, merged } = flights.join(request, () => ask(request))
        if (merged) metrics.merged.inc()
        return conclude(await result, request, rule)
      } finally {
        underWay -= 1
      }
    },
    async start() {
      const found: Upstream[] = []
      for (const target of rule.targets) {
        for (const address of await addressesOf(target, rule, { env, connect })) {
          const upstream = makeUpstream(target, address)
          if (!found.includes(upstream)) found.push(upstream)
        }
      }
      if (found.length > MAX_UPSTREAMS) {
        throw new Error(`more than ${MAX_UPSTREAMS} TOs after looking up host names: ${found.length}`)
      }
      upstreams = found
    },
    status: () => upstreams.map((upstream) => upstream.status()),
  }
}

function conclude(
  result: AttemptOutcome,
  request: Request,
  rule: ForwardRule,
): { readonly outcome: Outcome; readonly goesOn: boolean } {
  const { upstream } = result
  if (upstream !== undefined) request.metadata?.set('forward/upstream', () => upstream.label)
  switch (result.kind) {
    case 'response': {
      const message = withoutHopOptions(result.message)
      const outcome: Outcome = { kind: 'answer', message, by: 'forward', reason: `upstream ${result.upstream.label}` }
      return { outcome, goesOn: rule.nextRcodes.includes(message.rcode) || (rule.nextOnNodata && isNodata(message)) }
    }
    case 'other-question': {
      const error = new Error(`upstream ${result.upstream.label} answered another question`)
      return { outcome: respond(request, { by: 'forward', rcode: 'FORMERR', aa: false, error }), goesOn: false }
    }
    case 'failed':
      return { outcome: fail('forward', 'SERVFAIL', result.error), goesOn: false }
  }
}

/** Cookies, keepalive and padding are between us and the upstream (RFC 7873 §5, RFC 7828 §3, RFC 7830 §3). */
const HOP_OPTIONS: readonly number[] = [EDNS_OPTION.cookie, EDNS_OPTION.tcpKeepalive, EDNS_OPTION.padding]

function withoutHopOptions(message: Message): Message {
  const { edns } = message
  if (edns === undefined || !edns.options.some(({ code }) => HOP_OPTIONS.includes(code))) return message
  return { ...message, edns: { ...edns, options: edns.options.filter(({ code }) => !HOP_OPTIONS.includes(code)) } }
}

function isNodata(message: Message): boolean {
  return message.rcode === 'NOERROR' && message.answer.length === 0
}

async function addressesOf(
  target: Target,
  rule: ForwardRule,
  { env, connect }: Pick<RuleEnv, 'connect' | 'env'>,
): Promise<readonly string[]> {
  if (target.isAddress) return [target.host]
  const resolvers = rule.resolvers.length > 0 ? rule.resolvers : systemResolvers(env)
  const settings = (to: Endpoint): UpstreamSettings => ({
    ...settingsOf(rule, target, { env, address: to.address }),
    scheme: 'dns',
    to,
    connectTo: env.network.callTo(to),
  })
  return resolveHost(target.host, { resolvers, connect, settings })
}

/** How to reach one address of a target. */
function settingsOf(
  rule: ForwardRule,
  target: Target,
  { env, address }: { readonly env: PluginEnv; readonly address: string },
): UpstreamSettings {
  const to = { address, port: target.port }
  const name = target.isAddress ? undefined : target.host
  return {
    scheme: target.scheme,
    to,
    // Asked at each dial: where an address leads may change while the server runs.
    get connectTo(): Endpoint {
      return env.network.callTo(to)
    },
    tls: { ...rule.tls, serverName: target.serverName ?? rule.tls.serverName ?? name },
    authority: name,
    httpMethod: rule.httpMethod,
    sourceAddress: rule.sourceAddress,
    expireMs: rule.expireMs,
    maxAgeMs: rule.maxAgeMs,
    maxIdle: rule.maxIdle,
  }
}
