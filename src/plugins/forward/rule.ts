// One `forward` line at work: its upstreams, its limit of queries under way, and the questions that it merges.
import { Later, describeError, type Eventual } from '../../base/index.ts'
import { parseError, pluginError } from '../../corefile/index.ts'
import { EDNS_OPTION, type Message } from '../../dns/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { ConnectUpstream, UpstreamSettings } from '../../net/upstream/index.ts'
import { fail, isInZone, respond, type Outcome, type PluginEnv, type Request } from '../../server/index.ts'
import { askUpstreams, type AttemptOutcome } from './attempts.ts'
import { Flights, type Flight } from './flights.ts'
import type { ForwardMetrics } from './metrics.ts'
import { createPolicy } from './policy.ts'
import { resolveHost, systemResolvers } from './resolve.ts'
import type { ForwardRule } from './setup.ts'
import type { Target } from './targets.ts'
import { Upstream, type UpstreamStatus } from './upstream.ts'

/** What a client waits at most. */
const TIMEOUT_MS = 5000
/** Queries that wait at a time, at 5 kB or so each: with a silent upstream each one does for two seconds and more. */
const MAX_WAITING = 16_384
const MAX_UPSTREAMS = 15
/** One for all: a flood must not cost a stack trace per query. */
const TOO_MANY = new Error(`more than ${MAX_WAITING} queries wait for upstreams`)

export interface RunningRule {
  matches(request: Request): boolean
  /** Asks the upstreams. */
  forward(request: Request): Outcome | Eventual<Outcome>
  /** Whether the block's next `forward` is to be asked instead of using the outcome. */
  goesOn(outcome: Outcome): boolean
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
  let upstreams: readonly Upstream[] = rule.targets
    .filter((target) => target.isAddress)
    .map((target) => makeUpstream(target, target.host))
  const limit = rule.maxConcurrent > 0 ? rule.maxConcurrent : MAX_WAITING
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

  function ask(request: Request, flight: Flight<AttemptOutcome>): void {
    const now = env.clock.monotonic
    try {
      askUpstreams(order(upstreams), rule, {
        query: request.message,
        transport: request.transport === 'udp' ? 'udp' : 'tcp',
        deadlineAt: Math.min(now() + TIMEOUT_MS, request.deadlineAt ?? Infinity),
        now,
        foundAllDown,
        done: (outcome) => flights.end(flight, outcome),
      })
    } catch (error) {
      flights.end(flight, { kind: 'defect', error })
    }
  }

  function foundAllDown(): void {
    metrics.allDown.inc()
  }

  function refuse(): Outcome {
    if (rule.maxConcurrent > 0) {
      metrics.rejected.inc()
      return fail('forward', 'REFUSED', `concurrent queries exceeded maximum ${rule.maxConcurrent}`)
    }
    metrics.overload.inc()
    return fail('forward', 'SERVFAIL', TOO_MANY)
  }

  return {
    matches: (request) =>
      isInZone(request.name, rule.from) &&
      (request.name === rule.from || !rule.except.some((zone) => isInZone(request.name, zone))),
    forward(request) {
      if (underWay >= limit) return refuse()
      underWay += 1
      const later = new Later<Outcome>()
      const flight = flights.join(request, (result) => {
        underWay -= 1
        if (result.kind === 'defect') later.fail(result.error)
        else later.settle(conclude(result, request))
      })
      if (flight.waiting === 1) ask(request, flight)
      else metrics.merged.inc()
      return later
    },
    goesOn: (outcome) =>
      outcome.kind === 'answer' &&
      outcome.error === undefined &&
      (rule.nextRcodes.includes(outcome.message.rcode) || (rule.nextOnNodata && isNodata(outcome.message))),
    async start() {
      const found: Upstream[] = []
      for (const target of rule.targets) {
        for (const address of await addressesOf(target, rule, { env, connect })) {
          const upstream = makeUpstream(target, address)
          if (!found.includes(upstream)) found.push(upstream)
        }
      }
      if (found.length > MAX_UPSTREAMS) {
        const message = `more than ${MAX_UPSTREAMS} TOs after looking up host names: ${found.length}`
        throw pluginError('forward', parseError('bad-directive', message, rule), rule.at)
      }
      upstreams = found
    },
    status: () => upstreams.map((upstream) => upstream.status()),
  }
}

function conclude(result: Exclude<AttemptOutcome, { readonly kind: 'defect' }>, request: Request): Outcome {
  const { upstream } = result
  if (upstream !== undefined) request.metadata?.set('forward/upstream', () => upstream.label)
  switch (result.kind) {
    case 'response': {
      const message = withoutHopOptions(result.message)
      const { image } = result
      return {
        kind: 'answer',
        message,
        // Options are in no image.
        image: image === undefined || image.message === message ? image : { message, octets: image.octets },
        by: 'forward',
        reason: result.upstream.reason,
      }
    }
    case 'other-question': {
      const error = new Error(`upstream ${result.upstream.label} answered another question`)
      return respond(request, { by: 'forward', rcode: 'FORMERR', aa: false, error })
    }
    case 'failed':
      return fail('forward', 'SERVFAIL', result.error)
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
  const { at } = rule
  const resolvers = rule.resolvers.length > 0 ? rule.resolvers : systemResolvers(env)
  const settings = (to: Endpoint): UpstreamSettings => ({
    ...settingsOf(rule, target, { env, address: to.address }),
    scheme: 'dns',
    to,
    connectTo: env.network.callTo(to),
  })
  try {
    return await resolveHost(target.host, { resolvers, connect, settings })
  } catch (error) {
    throw pluginError('forward', parseError('bad-directive', describeError(error), { at, cause: error }), at)
  }
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
