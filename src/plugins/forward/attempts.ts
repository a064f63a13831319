// One query against the upstreams of a rule: which one is asked, when another one is, and when to give up.
import type { Message } from '../../dns/index.ts'
import type { UpstreamResult } from '../../net/upstream/index.ts'
import { shuffle } from './policy.ts'
import type { ForwardRule } from './setup.ts'
import type { Upstream } from './upstream.ts'

export interface AttemptOptions {
  readonly query: Message
  /** Of the client's query. */
  readonly transport: 'tcp' | 'udp'
  /** Monotonic milliseconds. */
  readonly deadlineAt: number
  readonly now: () => number
  /** Called when every upstream is down. */
  readonly foundAllDown: () => void
}

/** What became of it: a response, a lie, or the last error. */
export type AttemptOutcome =
  | { readonly kind: 'response'; readonly message: Message; readonly upstream: Upstream }
  | { readonly kind: 'other-question'; readonly upstream: Upstream }
  | { readonly kind: 'failed'; readonly error: Error; readonly upstream: Upstream | undefined }

export const NO_HEALTHY = 'no healthy proxies'

/** Asks `upstreams`, in the order given and over again, until one answers or time or attempts are used up. */
export async function askUpstreams(
  upstreams: readonly Upstream[],
  rule: ForwardRule,
  options: AttemptOptions,
): Promise<AttemptOutcome> {
  let failed: AttemptOutcome | undefined
  let attempts = 0
  let failovers = 0
  for (let turn = 0; options.now() < options.deadlineAt;) {
    const found = nextUp(upstreams, turn)
    if (found === undefined) options.foundAllDown()
    if (found === undefined && rule.failFast) break
    // Probes may be what is broken: any of them is asked, once.
    const upstream = found?.upstream ?? shuffle(upstreams)[0]
    if (upstream === undefined) break
    turn = found === undefined ? turn : found.turn + 1

    const result = await askOne(upstream, rule, options)
    if (result.kind === 'response') {
      const goesOn = rule.failoverRcodes.includes(result.message.rcode) && ++failovers < upstreams.length
      if (!goesOn) return { kind: 'response', message: result.message, upstream }
      continue
    }
    failed =
      result.kind === 'failed' ? { kind: 'failed', error: result.error, upstream } : { kind: result.kind, upstream }
    if (result.kind === 'failed' && result.error.code === 'shut-down') return failed
    if (result.kind === 'other-question' && upstreams.length === 1) return failed
    attempts += 1
    if (found === undefined || (rule.maxAttempts > 0 && attempts >= rule.maxAttempts)) return failed
  }
  return failed ?? { kind: 'failed', error: new Error(NO_HEALTHY), upstream: undefined }
}

/** The first upstream from `turn` on, round and round, that is not down. */
function nextUp(upstreams: readonly Upstream[], turn: number): { upstream: Upstream; turn: number } | undefined {
  for (let step = 0; step < upstreams.length; step += 1) {
    const upstream = upstreams[(turn + step) % upstreams.length]
    if (upstream !== undefined && !upstream.isDown) return { upstream, turn: turn + step }
  }
  return undefined
}

async function askOne(upstream: Upstream, rule: ForwardRule, options: AttemptOptions): Promise<UpstreamResult> {
  const timeouts = (): { readTimeoutMs: number; timeoutMs: number } => ({
    readTimeoutMs: rule.readTimeoutMs,
    timeoutMs: Math.max(0, options.deadlineAt - options.now()),
  })
  const transport = rule.forceTcp ? 'tcp' : rule.preferUdp ? 'udp' : options.transport
  const result = await upstream.exchange(options.query, { transport, ...timeouts() })
  const isCut = result.kind === 'response' && result.protocol === 'udp' && result.message.flags.tc
  if (!isCut || !rule.preferUdp || rule.forceTcp) return result
  return upstream.exchange(options.query, { transport: 'tcp', ...timeouts() })
}
