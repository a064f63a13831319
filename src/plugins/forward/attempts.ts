// One query against the upstreams of a rule: which one is asked, when another one is, and when to give up.
import { Later, takeEventual, type Eventual } from '../../base/index.ts'
import type { Message, WireImage } from '../../dns/index.ts'
import type { UpstreamExchangeOptions, UpstreamResult } from '../../net/upstream/index.ts'
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

/** What became of it: a response, a lie, the last error, or a defect. */
export type AttemptOutcome =
  | {
      readonly kind: 'response'
      readonly message: Message
      readonly image: WireImage | undefined
      readonly upstream: Upstream
    }
  | { readonly kind: 'other-question'; readonly upstream: Upstream }
  /** An error of our own, such as a query that cannot be encoded. */
  | { readonly kind: 'defect'; readonly error: unknown; readonly upstream?: undefined }
  | { readonly kind: 'failed'; readonly error: Error; readonly upstream: Upstream | undefined }

export const NO_HEALTHY = 'no healthy proxies'

/** Asks `upstreams`, in the order given and over again, until one answers or time or attempts are used up: then calls `done`. */
export function askUpstreams(
  upstreams: readonly Upstream[],
  rule: ForwardRule,
  options: AttemptOptions & { readonly done: (outcome: AttemptOutcome) => void },
): void {
  const { done } = options
  const state: AttemptState = { upstreams, rule, options, turn: 0, attempts: 0, failovers: 0, failed: undefined }
  const found = nextUp(upstreams, 0)
  const foundDefect = (error: unknown): void => done({ kind: 'defect', error })
  const goOn = (): void => takeEventual(askOnAndOn(state), done, foundDefect)
  if (found === undefined || options.now() >= options.deadlineAt) {
    goOn()
    return
  }
  // Nearly always the first attempt is the only one: it costs no more than it must.
  state.turn = found.turn + 1
  const { upstream } = found
  takeEventual(
    askOne(upstream, rule, options),
    (result) => {
      const outcome = judge(state, result, { upstream, isUp: true })
      if (outcome === undefined) goOn()
      else done(outcome)
    },
    foundDefect,
  )
}

interface AttemptState {
  readonly upstreams: readonly Upstream[]
  readonly rule: ForwardRule
  readonly options: AttemptOptions
  turn: number
  attempts: number
  failovers: number
  failed: AttemptOutcome | undefined
}

async function askOnAndOn(state: AttemptState): Promise<AttemptOutcome> {
  const { upstreams, rule, options } = state
  while (options.now() < options.deadlineAt) {
    const found = nextUp(upstreams, state.turn)
    if (found === undefined) options.foundAllDown()
    if (found === undefined && rule.failFast) break
    // Probes may be what is broken: any of them is asked, once.
    const upstream = found?.upstream ?? shuffle(upstreams)[0]
    if (upstream === undefined) break
    if (found !== undefined) state.turn = found.turn + 1
    const outcome = judge(state, await askOne(upstream, rule, options), { upstream, isUp: found !== undefined })
    if (outcome !== undefined) return outcome
  }
  return state.failed ?? { kind: 'failed', error: new Error(NO_HEALTHY), upstream: undefined }
}

/** What an attempt's result ends the query with; undefined when another attempt is to be made. */
function judge(
  state: AttemptState,
  result: UpstreamResult,
  { upstream, isUp }: { readonly upstream: Upstream; readonly isUp: boolean },
): AttemptOutcome | undefined {
  const { upstreams, rule } = state
  upstream.note(result)
  if (result.kind === 'response') {
    const goesOn = rule.failoverRcodes.includes(result.message.rcode) && ++state.failovers < upstreams.length
    return goesOn ? undefined : { kind: 'response', message: result.message, image: result.image, upstream }
  }
  const failed: AttemptOutcome =
    result.kind === 'failed' ? { kind: 'failed', error: result.error, upstream } : { kind: result.kind, upstream }
  state.failed = failed
  if (result.kind === 'failed' && result.error.code === 'shut-down') return failed
  if (result.kind === 'other-question' && upstreams.length === 1) return failed
  state.attempts += 1
  return !isUp || (rule.maxAttempts > 0 && state.attempts >= rule.maxAttempts) ? failed : undefined
}

/** The first upstream from `turn` on, round and round, that is not down. */
function nextUp(upstreams: readonly Upstream[], turn: number): { upstream: Upstream; turn: number } | undefined {
  for (let step = 0; step < upstreams.length; step += 1) {
    const upstream = upstreams[(turn + step) % upstreams.length]
    if (upstream !== undefined && !upstream.isDown) return { upstream, turn: turn + step }
  }
  return undefined
}

function askOne(upstream: Upstream, rule: ForwardRule, options: AttemptOptions): Eventual<UpstreamResult> {
  const transport = rule.forceTcp ? 'tcp' : rule.preferUdp ? 'udp' : options.transport
  const first = upstream.exchange(options.query, exchangeOptions(transport, rule, options))
  if (!rule.preferUdp || rule.forceTcp) return first
  const overTcpIfCut = (result: UpstreamResult): Eventual<UpstreamResult> | UpstreamResult => {
    const isCut = result.kind === 'response' && result.protocol === 'udp' && result.message.flags.tc
    if (!isCut) return result
    upstream.note(result)
    return upstream.exchange(options.query, exchangeOptions('tcp', rule, options))
  }
  return first instanceof Later ? first.map(overTcpIfCut) : first.then(overTcpIfCut)
}

function exchangeOptions(
  transport: 'tcp' | 'udp',
  { readTimeoutMs }: ForwardRule,
  { deadlineAt, now }: AttemptOptions,
): UpstreamExchangeOptions {
  return { transport, readTimeoutMs, timeoutMs: Math.max(0, deadlineAt - now()) }
}
