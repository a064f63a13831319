// Per query: answer from the cache, or pass on and keep what comes back.
import type { Eventual } from '../../base/index.ts'
import {
  AnswerCache,
  cacheKey,
  clampTtl,
  classify,
  countHit,
  lowestTtl,
  shouldPrefetch,
  type CacheKey,
  type Classification,
  type EntryKind,
} from '../../cache/index.ts'
import { EDNS_OPTION, type WireImage } from '../../dns/index.ts'
import type { Message } from '../../dns/message.ts'
import {
  mapOutcome,
  matchZone,
  type Keep,
  type Next,
  type Outcome,
  type PluginEnv,
  type PluginInstance,
  type Request,
} from '../../server/index.ts'
import { answerFresh, answerWithTtl, forClient, passOn, type AnswerEntry, type PreparedAnswer } from './answers.ts'
import { createCacheMetrics, reportEntries, type CacheSeries } from './metrics.ts'
import { Renewals, type Renewal } from './renewals.ts'
import type { CacheOptions, StaleOptions } from './setup.ts'

const MAX_RENEWALS = 256

/** Builds the cache that the zones of a block share. */
export function createCache(options: CacheOptions, env: PluginEnv): PluginInstance {
  const cache = new AnswerCache<PreparedAnswer>({
    successCapacity: options.success.capacity,
    denialCapacity: options.denial.capacity,
    staleMs: options.stale?.forMs ?? 0,
    preferPositive: options.preferPositive,
  })
  const seriesOf = createCacheMetrics(env, options.zones)
  const renewals = new Renewals({ now: env.clock.monotonic, limit: MAX_RENEWALS })
  const seed = (env.randomId() << 16) | env.randomId()
  const endReport = reportEntries(env, { zones: options.zones, success: cache.success, denial: cache.denial })

  function handle(request: Request, next: Next): Outcome | Eventual<Outcome> {
    if (matchZone(options.zones, request.name) === undefined || !isCacheable(request)) return next(request)
    const series = seriesOf(request.server)
    series.requests.inc()
    const key = keyOf(request)
    const found = cache.lookup(key, request.receivedAt)
    if (found.kind === 'fresh') return serveFresh(found.entry, { request, next, series })
    if (found.kind === 'stale' && options.stale !== undefined) {
      return serveStale(found.entry, { request, next, series, stale: options.stale })
    }
    series.misses.inc()
    return mapOutcome(next(request), (outcome) => keep(outcome, { request, series, key, renewed: undefined }).outcome)
  }

  function keyOf({ name, type, class: askedClass, message }: Request): CacheKey {
    const { flags, edns } = message
    const dnssecOk = edns?.dnssecOk === true
    return cacheKey({ name, type, class: askedClass, dnssecOk, checkingDisabled: flags.cd }, seed)
  }

  function serveFresh(entry: AnswerEntry, query: Query): Outcome {
    const { request, series } = query
    countServed(entry, series)
    if (options.prefetch.amount > 0) {
      countHit(entry, { durationMs: options.prefetch.durationMs, nowMs: request.receivedAt })
      if (shouldPrefetch(entry, options.prefetch, request.receivedAt)) {
        const started = renewals.startInBackground(entry, () => renew(entry, query))
        if (started) series.prefetches.inc()
      }
    }
    const outcome = answerFresh(entry, request, options.keepTtl)
    return outcome.kind === 'answer' ? { ...outcome, keep: () => keepOf(entry, series) } : outcome
  }

  /** A fresh hit is the same until the entry goes, is near enough to its end to be renewed, or expires. */
  function keepOf(entry: AnswerEntry, series: CacheSeries): Keep {
    const { prefetch, keepTtl } = options
    const expiresAtMs = entry.storedAtMs + entry.ttl * 1000
    const renewalMs = prefetch.amount > 0 ? Math.ceil((prefetch.percent * entry.ttl) / 100) * 1000 : 0
    return {
      stamp: entry.stamp,
      holds: () => !entry.isGone,
      until: expiresAtMs - renewalMs,
      ages: keepTtl ? undefined : { sinceMs: entry.storedAtMs, ttl: entry.ttl },
      tally(hits, lastAtMs) {
        series.requests.inc(hits)
        series.hits[labelOf(entry.kind)].inc(hits)
        entry.visited = true
        countHit(entry, { durationMs: prefetch.durationMs, nowMs: lastAtMs, times: hits })
      },
    }
  }

  function serveStale(
    entry: AnswerEntry,
    query: Query & { readonly stale: StaleOptions },
  ): Outcome | Eventual<Outcome> {
    const { request, series, stale } = query
    const answer = (): Outcome => {
      countServed(entry, series)
      series.servedStale.inc()
      return answerWithTtl(entry, request, stale.replyTtl)
    }
    if (stale.mode === 'immediate') {
      renewals.startInBackground(entry, () => renew(entry, query), stale.recheckMs)
      return answer()
    }
    if (renewals.isResting(entry, stale.recheckMs)) return answer()
    return waitFor(
      renewals.join(entry, () => renew(entry, query)),
      stale.timeoutMs,
    ).then((renewal) => {
      if (renewal === undefined || !isBetter(renewal, entry)) return answer()
      series.misses.inc()
      const { outcome } = renewal
      return outcome.kind === 'answer' ? { ...outcome, message: forClient(outcome.message, request) } : outcome
    })
  }

  /** Under `prefer_positive` only an answer takes the place of an answer. */
  function isBetter(renewal: Renewal, entry: AnswerEntry): boolean {
    if (!renewal.complete) return false
    return !options.preferPositive || !entry.answersQuestion || renewal.answersQuestion
  }

  /** Asks again what the entry answers. Nobody may be waiting: the client's deadline does not count. */
  async function renew(entry: AnswerEntry, query: Query): Promise<Renewal> {
    // Not before the answer to the query that caused it is on its way.
    await Promise.resolve()
    const request: Request = {
      ...query.request,
      receivedAt: env.clock.monotonic(),
      deadlineAt: undefined,
    }
    const outcome = await query.next(request)
    const error = outcome.kind === 'drop' ? undefined : outcome.error
    if (error !== undefined) env.log.debug(`renewing ${request.name} ${request.type}: ${error.message}`)
    const kept = keep(outcome, { request, series: query.series, key: entry.key, renewed: entry })
    return { outcome: kept.outcome, ...judge(kept) }
  }

  /** Stores a response if it can be, and gives it the TTL that it then has. */
  function keep(outcome: Outcome, from: Origin): Kept {
    if (outcome.kind !== 'answer') return { outcome }
    const { request, series, key, renewed } = from
    const { message } = outcome
    const classification = classify(message, {
      question: request.question,
      dnssecOk: request.message.edns?.dnssecOk === true,
      nowSeconds: Math.floor(env.clock.now() / 1000),
    })
    if (classification.kind === 'uncacheable' && classification.why === 'other-question') series.drops.inc()
    const ttl = clampTtl(lowestTtl(message, classification), boundsOf(classification))
    if (classification.kind !== 'uncacheable') {
      // Field by field: done for every miss, and a spread takes longer than all the rest of this function.
      store(outcome, { request, series, key, renewed, classification, ttl })
    }
    const passed = passOn(message, request, ttl)
    // Most responses pass as they came.
    if (passed === message && outcome.keep === undefined) return { outcome, classification }
    const image = imageOf(outcome)
    // Flags are not taken from images: other ones leave the octets as good as they were.
    const isRelayed = passed.answer === message.answer && passed.authority === message.authority
    const again =
      image === undefined || !isRelayed || passed.additional !== message.additional
        ? undefined
        : { message: passed, octets: image.octets }
    return { outcome: { ...outcome, message: passed, image: again, keep: undefined }, classification }
  }

  function store(outcome: Answer, from: Origin & { readonly classification: Kind; readonly ttl: number }): void {
    const { request, series, key, classification, ttl, renewed } = from
    const { kind, answersQuestion } = classification
    if (kind !== 'servfail' && matchZone(storeOf(kind).disabled, request.name) !== undefined) {
      if (kind === 'denial') cache.forgetPositive(key)
      else cache.forgetNegative(key)
      return
    }
    if (ttl <= 0 || (kind === 'servfail' && matchZone(options.denial.disabled, request.name) !== undefined)) return
    const kept = keptOf(outcome)
    const storedAtMs = env.clock.monotonic()
    const counts = renewed !== undefined && kind === renewed.kind ? renewed : undefined
    const fields = { key, kind, kept, answersQuestion, reason: outcome.reason, storedAtMs, ttl }
    const evicted = cache.store(fields, counts)
    if (evicted > 0) series.evictions[labelOf(kind)].inc(evicted)
  }

  function boundsOf(classification: Classification): { readonly min: number; readonly max: number } {
    if (classification.kind === 'servfail') return { min: 0, max: options.servfailTtl }
    return storeOf(classification.kind === 'denial' ? 'denial' : 'success').ttl
  }

  function storeOf(kind: 'denial' | 'success'): CacheOptions['success'] {
    return options[kind]
  }

  function waitFor(renewal: Promise<Renewal | undefined>, timeoutMs: number): Promise<Renewal | undefined> {
    if (timeoutMs <= 0) return renewal
    return new Promise((resolve) => {
      const timer = env.clock.setTimeout(() => resolve(undefined), timeoutMs)
      void renewal.then((result) => {
        timer.clear()
        resolve(result)
      })
    })
  }

  return {
    handler: handle,
    close: () => {
      endReport()
      cache.clear()
      return Promise.resolve()
    },
  }
}

type Kind = Exclude<Classification, { readonly kind: 'uncacheable' }>

type Answer = Outcome & { readonly kind: 'answer' }

interface Query {
  readonly request: Request
  readonly next: Next
  readonly series: CacheSeries
}

interface Origin {
  readonly request: Request
  readonly series: CacheSeries
  /** Of the question. */
  readonly key: CacheKey
  /** The entry that the response renews. */
  readonly renewed: AnswerEntry | undefined
}

interface Kept {
  readonly outcome: Outcome
  readonly classification?: Classification
}

function judge({ classification }: Kept): Pick<Renewal, 'answersQuestion' | 'complete'> {
  if (classification === undefined || classification.kind === 'uncacheable' || classification.kind === 'servfail') {
    return { complete: false, answersQuestion: false }
  }
  return { complete: true, answersQuestion: classification.answersQuestion }
}

function countServed(entry: AnswerEntry, series: CacheSeries): void {
  series.hits[labelOf(entry.kind)].inc()
}

function labelOf(kind: EntryKind): 'denial' | 'success' {
  return kind === 'success' ? 'success' : 'denial'
}

function isCacheable(request: Request): boolean {
  return request.message.opcode === 'QUERY' && request.type !== 'AXFR' && request.type !== 'IXFR'
}

/** The octets of the outcome's message. */
function imageOf({ image, message }: Answer): WireImage | undefined {
  return image?.message === message ? image : undefined
}

/** What is kept of a response: its octets, unless extended errors are to be kept, which are in the OPT record. */
function keptOf(outcome: Answer): Message | string {
  const message = withErrorsOnly(outcome.message)
  return message.edns === undefined ? (imageOf(outcome)?.octets ?? message) : message
}

/**
 * The OPT record speaks of one exchange (RFC 6891 §6.2.1) and is not kept; extended errors speak of the answer (RFC 8914).
 * Few and short ones: whoever sends them must not fill the memory.
 */
function withErrorsOnly(message: Message): Message {
  const { edns } = message
  if (edns === undefined) return message
  const options = edns.options
    .filter(({ code, octets }) => code === EDNS_OPTION.extendedError && octets.length <= MAX_ERROR_OCTETS)
    .slice(0, MAX_ERRORS)
  return { ...message, edns: options.length === 0 ? undefined : { ...EMPTY_EDNS, options } }
}

const MAX_ERROR_OCTETS = 256
const MAX_ERRORS = 4
const EMPTY_EDNS = { udpPayloadSize: 512, version: 0, dnssecOk: false, z: 0 } as const
