// One upstream: its client, and whether it is taken for down.
import type { Clock, Eventual, Timer } from '../../base/index.ts'
import { query, type DomainName, type Message, type Rcode } from '../../dns/index.ts'
import {
  formatEndpoint,
  type ConnectUpstream,
  type UpstreamClient,
  type UpstreamExchangeOptions,
  type UpstreamResult,
  type UpstreamSettings,
} from '../../net/upstream/index.ts'
import type { Metrics } from '../../server/index.ts'
import { createUpstreamMetrics, type UpstreamMetrics } from './metrics.ts'

export interface UpstreamOptions {
  readonly settings: UpstreamSettings
  /** Failed probes in a row that are forgiven; 0 neither probes nor takes the upstream for down. */
  readonly maxFails: number
  readonly probeIntervalMs: number
  readonly probeDomain: DomainName
  readonly probeRecursionDesired: boolean
  /** What probes go over, for scheme `dns`. */
  readonly probeTransport: 'tcp' | 'udp'
}

/** What an upstream looks like from outside, for a page that lists them. */
export interface UpstreamStatus {
  /** `192.0.2.53:53`. */
  readonly to: string
  readonly scheme: UpstreamSettings['scheme']
  readonly isDown: boolean
  /** Failed probes in a row. */
  readonly fails: number
  readonly lastRcode: Rcode | undefined
  readonly lastError: string | undefined
}

/** How long a probe waits. */
const PROBE_TIMEOUT_MS = 1000
/** Keeps `health_check 0s` from asking without a pause. */
const LEAST_INTERVAL_MS = 10

export class Upstream {
  readonly label: string
  /** Why an answer is what it is. */
  readonly reason: string
  readonly #options: UpstreamOptions
  readonly #client: UpstreamClient
  readonly #clock: Clock
  readonly #metrics: UpstreamMetrics
  readonly #probe: Message
  #fails = 0
  #isProbing = false
  #isClosed = false
  #timer: Timer | undefined
  #lastRcode: Rcode | undefined
  #lastError: string | undefined

  constructor(options: UpstreamOptions, env: { connect: ConnectUpstream; clock: Clock; metrics: Metrics }) {
    this.#options = options
    this.#clock = env.clock
    this.label = formatEndpoint(options.settings.to)
    this.reason = `upstream ${this.label}`
    this.#client = env.connect(options.settings)
    this.#metrics = createUpstreamMetrics(env.metrics, this.label)
    this.#probe = query({ name: options.probeDomain, type: 'NS', rd: options.probeRecursionDesired })
  }

  /** More probes in a row failed than are forgiven. */
  get isDown(): boolean {
    return this.#options.maxFails > 0 && this.#fails > this.#options.maxFails
  }

  /** Asks the upstream; whoever asks tells {@link note} what came of it. */
  exchange(message: Message, options: UpstreamExchangeOptions): Eventual<UpstreamResult> {
    return this.#client.exchange(message, options)
  }

  /** Counts what came of an exchange; a failure starts the probes. Not a promise of its own: one less for each query. */
  note(result: UpstreamResult): void {
    this.#count(result)
    if (result.kind === 'failed') this.#startProbes()
  }

  status(): UpstreamStatus {
    return {
      to: this.label,
      scheme: this.#options.settings.scheme,
      isDown: this.isDown,
      fails: this.#fails,
      lastRcode: this.#lastRcode,
      lastError: this.#lastError,
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.clear()
    this.#metrics.close()
    await this.#client.close()
  }

  #count(result: UpstreamResult): void {
    this.#metrics.connection(result)
    if (result.kind === 'response') {
      this.#lastRcode = result.message.rcode
      this.#metrics.answered(result.message.rcode, result.rttMs / 1000)
      return
    }
    const reason = result.kind === 'failed' ? result.error.code : result.kind
    this.#lastError = result.kind === 'failed' ? result.error.message : 'response to another question'
    this.#metrics.unanswered(result.protocol, reason)
  }

  /** Probes until anything comes back. */
  #startProbes(): void {
    if (this.#options.maxFails === 0 || this.#isProbing || this.#isClosed) return
    this.#isProbing = true
    void this.#probeOnce()
  }

  async #probeOnce(): Promise<void> {
    const { probeTransport, probeIntervalMs } = this.#options
    const result = await this.#client.exchange(this.#probe, {
      transport: probeTransport,
      readTimeoutMs: PROBE_TIMEOUT_MS,
      timeoutMs: PROBE_TIMEOUT_MS,
    })
    if (this.#isClosed) return
    // Any response at all counts, SERVFAIL and malformed ones too: the upstream is there.
    if (result.kind !== 'failed' || result.error.code === 'malformed') {
      this.#fails = 0
      this.#isProbing = false
      this.#metrics.setDown(false)
      return
    }
    this.#fails += 1
    this.#metrics.probeFailed()
    this.#metrics.setDown(this.isDown)
    this.#timer = this.#clock.setTimeout(() => void this.#probeOnce(), Math.max(LEAST_INTERVAL_MS, probeIntervalMs))
    this.#timer.unref()
  }
}
