// cache [TTL] [ZONES...] { ... }: the directive's tokens to options.
import type { PrefetchRule, TtlBounds } from '../../cache/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/message.ts'
import type { SetupContext } from '../../server/index.ts'
import { durationArgument, integerArgument, noArguments, onlyArgument, zoneArguments } from '../arguments.ts'

export interface StaleOptions {
  /** How long an entry is served past its TTL. */
  readonly forMs: number
  readonly mode: 'immediate' | 'verify'
  /** `verify`: how long the source is waited for; 0 waits for its end. */
  readonly timeoutMs: number
  /** TTL of stale answers, in seconds. */
  readonly replyTtl: number
  /** No further attempt for so long after one that failed. */
  readonly recheckMs: number
}

export interface CacheOptions {
  readonly zones: readonly DomainName[]
  readonly success: StoreOptions
  readonly denial: StoreOptions
  readonly prefetch: PrefetchRule
  /** Absent: expired entries are not served. */
  readonly stale: StaleOptions | undefined
  readonly preferPositive: boolean
  /** Lifetime of failures, in seconds. */
  readonly servfailTtl: number
  readonly keepTtl: boolean
}

export interface StoreOptions {
  readonly capacity: number
  readonly ttl: TtlBounds
  /** Zones whose answers of this kind are not kept. */
  readonly disabled: readonly DomainName[]
}

const DEFAULT_CAPACITY = 9984
/** CoreDNS spreads its entries over 256 shards of at least four: no capacity keeps fewer. */
const LEAST_CAPACITY = 1024
const MAX_SERVFAIL_MS = 300_000
const MAX_RECHECK_MS = 300_000

type Draft = { -readonly [Key in keyof CacheOptions]: CacheOptions[Key] }

/** Reads the directive, which may stand once in a block. @throws {CorefileError} */
export function parseCache(dispenser: Dispenser, context: SetupContext): CacheOptions {
  let options: Draft | undefined
  while (dispenser.next()) {
    if (options !== undefined) throw dispenser.error('this plugin can only be used once per Server Block')
    options = parseFirstLine(dispenser, context)
    while (dispenser.nextBlock()) parseOption(dispenser, options, context)
  }
  if (options === undefined) throw dispenser.argError()
  if (options.preferPositive && options.stale === undefined) {
    throw dispenser.error('serve_stale_policy prefer_positive needs serve_stale')
  }
  return options
}

function parseFirstLine(dispenser: Dispenser, context: SetupContext): Draft {
  const args = dispenser.remainingArgs()
  let successMax = 3600
  let denialMax = 1800
  const first = args[0]
  // Anything that is not an integer is a zone, as in CoreDNS: `cache 30s` keeps the zone `30s.`
  if (first !== undefined && /^[-+]?\d+$/.test(first)) {
    successMax = denialMax = positiveTtl(dispenser, first)
    args.shift()
  }
  return {
    zones: zoneArguments(dispenser, args, context),
    success: { capacity: DEFAULT_CAPACITY, ttl: { min: 5, max: successMax }, disabled: [] },
    denial: { capacity: DEFAULT_CAPACITY, ttl: { min: 5, max: denialMax }, disabled: [] },
    prefetch: { amount: 0, durationMs: 60_000, percent: 10 },
    stale: undefined,
    preferPositive: false,
    servfailTtl: 5,
    keepTtl: false,
  }
}

function parseOption(dispenser: Dispenser, options: Draft, context: SetupContext): void {
  const option = dispenser.value()
  switch (option) {
    case 'success':
    case 'denial':
      options[option] = parseStore(dispenser, options[option])
      return
    case 'prefetch':
      options.prefetch = parsePrefetch(dispenser, options.prefetch)
      return
    case 'serve_stale':
      options.stale = parseServeStale(dispenser)
      return
    case 'serve_stale_policy':
      if (onlyArgument(dispenser) !== 'prefer_positive') {
        throw dispenser.error(`invalid value for serve_stale_policy: ${dispenser.value()}`)
      }
      options.preferPositive = true
      return
    case 'servfail':
      options.servfailTtl = parseServfail(dispenser)
      return
    case 'disable':
      parseDisable(dispenser, options, context)
      return
    case 'keepttl':
      noArguments(dispenser)
      options.keepTtl = true
      return
    default:
      throw dispenser.error(`unknown property '${option}'`)
  }
}

function parseStore(dispenser: Dispenser, defaults: StoreOptions): StoreOptions {
  const [capacity, max, min, ...more] = dispenser.remainingArgs()
  if (capacity === undefined) throw dispenser.argError()
  const parsed: StoreOptions = {
    ...defaults,
    capacity: Math.max(LEAST_CAPACITY, integerArgument(dispenser, capacity)),
    ttl: {
      max: max === undefined ? defaults.ttl.max : positiveTtl(dispenser, max),
      min: min === undefined ? defaults.ttl.min : leastTtl(dispenser, min),
    },
  }
  // Last: of a block written on one line CoreDNS complains about the first word that is no number ("30;").
  if (more.length > 0) throw dispenser.argError()
  return parsed
}

function positiveTtl(dispenser: Dispenser, text: string): number {
  const ttl = integerArgument(dispenser, text)
  if (ttl <= 0) throw dispenser.error(`cache TTL can not be zero or negative: ${ttl}`)
  return ttl
}

function leastTtl(dispenser: Dispenser, text: string): number {
  const ttl = integerArgument(dispenser, text)
  if (ttl < 0) throw dispenser.error(`cache min TTL can not be negative: ${ttl}`)
  return ttl
}

function parsePrefetch(dispenser: Dispenser, defaults: PrefetchRule): PrefetchRule {
  const [amountText, duration, percentage, ...more] = dispenser.remainingArgs()
  if (amountText === undefined || more.length > 0) throw dispenser.argError()
  const amount = integerArgument(dispenser, amountText)
  if (amount < 0) throw dispenser.error(`prefetch amount should be positive: ${amount}`)
  return {
    amount,
    durationMs: duration === undefined ? defaults.durationMs : durationArgument(dispenser, duration),
    percent: percentage === undefined ? defaults.percent : parsePercentage(dispenser, percentage),
  }
}

function parsePercentage(dispenser: Dispenser, text: string): number {
  if (!text.endsWith('%')) {
    throw dispenser.error(`last character of percentage should be '%', but is: '${text.slice(-1)}'`)
  }
  const percent = integerArgument(dispenser, text.slice(0, -1))
  if (percent < 10 || percent > 90) throw dispenser.error(`percentage should fall in range [10, 90]: ${percent}`)
  return percent
}

function parseServeStale(dispenser: Dispenser): StaleOptions {
  const [duration, modeText, ...rest] = dispenser.remainingArgs()
  const mode = (modeText ?? 'immediate').toLowerCase()
  if (mode !== 'immediate' && mode !== 'verify') {
    throw dispenser.error(`invalid value for serve_stale refresh mode: ${mode}`)
  }
  const timeout = mode === 'verify' ? rest.shift() : undefined
  const [replyTtl, recheck, ...more] = rest
  if (more.length > 0) throw dispenser.argError()
  const read = (what: string, text: string | undefined, fallbackMs: number): number => {
    const ms = text === undefined ? fallbackMs : durationArgument(dispenser, text)
    if (ms < 0) throw dispenser.error(`invalid negative ${what} for serve_stale: ${text}`)
    return ms
  }
  const recheckMs = read('recheck time', recheck, 0)
  if (recheckMs > MAX_RECHECK_MS)
    throw dispenser.error(`serve_stale recheck time over 5 minutes is not permitted: ${recheck}`)
  return {
    mode,
    forMs: read('duration', duration, 3_600_000),
    timeoutMs: read('timeout', timeout, 0),
    replyTtl: Math.floor(read('reply TTL', replyTtl, 0) / 1000),
    recheckMs,
  }
}

function parseServfail(dispenser: Dispenser): number {
  const ms = durationArgument(dispenser, onlyArgument(dispenser))
  if (ms < 0) throw dispenser.error('invalid negative ttl for servfail')
  if (ms > MAX_SERVFAIL_MS) throw dispenser.error('caching SERVFAIL responses over 5 minutes is not permitted')
  return Math.floor(ms / 1000)
}

function parseDisable(dispenser: Dispenser, options: Draft, context: SetupContext): void {
  const [kind, ...zones] = dispenser.remainingArgs()
  if (kind === undefined) throw dispenser.argError()
  if (kind !== 'success' && kind !== 'denial') {
    throw dispenser.error(`cache type for disable must be "success" or "denial": ${kind}`)
  }
  const disabled = zones.length === 0 ? options.zones : zoneArguments(dispenser, zones, context)
  options[kind] = { ...options[kind], disabled: [...options[kind].disabled, ...disabled] }
}
