// Asks the upstream Service one question over UDP and over TCP from time to time: whether this node reaches the cluster DNS is
// known before a pod's query has to find out.
import type { Clock, Timer } from '../base/index.ts'
import { query } from '../dns/index.ts'
import { exchange } from '../net/index.ts'
import type { Endpoint, ExchangeResult, Transport } from '../net/index.ts'
import type { Metrics } from '../server/index.ts'

export interface SelfTestOptions {
  /** Where to ask; found anew each time. */
  readonly server: () => Endpoint
  /** The Service's address, as log lines call it. */
  readonly service: string
  readonly name: string
  readonly intervalMs: number
  readonly clock: Clock
  readonly metrics: Metrics
  /** Told when a transport begins to fail, and when it works again. */
  readonly say: (line: string) => void
}

/** A running self-test. */
export interface SelfTest {
  /** Ends it; a question under way is not waited for. */
  stop(): void
}

const TRANSPORTS: readonly Transport[] = ['udp', 'tcp']
const TIMEOUT_MS = 2000
/** While a transport fails; at a node's start the cluster DNS may come a moment later. */
const RETRY_MS = 5000
const BUCKETS = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2]

/** Starts with a first round at once. */
export function startSelfTest({ server, service, name, intervalMs, clock, metrics, say }: SelfTestOptions): SelfTest {
  const up = metrics.gauge({
    name: 'fathom_nodecache_upstream_up',
    help: 'Whether the upstream Service gave a response to the last self-test.',
    labels: ['proto'],
  })
  const tests = metrics.counter({
    name: 'fathom_nodecache_self_tests_total',
    help: 'Self-tests against the upstream Service, by what became of them: an rcode, or timeout, refused, unreachable, closed.',
    labels: ['proto', 'result'],
  })
  const duration = metrics.histogram({
    name: 'fathom_nodecache_self_test_duration_seconds',
    help: 'Time until the response of a self-test.',
    labels: ['proto'],
    buckets: BUCKETS,
  })
  const failing = new Set<Transport>()
  let timer: Timer | undefined
  let stopped = false

  async function test(transport: Transport): Promise<void> {
    const result = await exchange({ server: server(), transport, message: query({ name }), timeoutMs: TIMEOUT_MS })
    if (stopped) return
    tests.inc([transport, resultOf(result)])
    up.set(result.kind === 'response' ? 1 : 0, [transport])
    if (result.kind === 'response') duration.observe(result.rttMs / 1000, [transport])
    tell(transport, result)
  }

  function tell(transport: Transport, result: ExchangeResult): void {
    const where = `${service}:53 over ${transport.toUpperCase()}`
    if (result.kind === 'response') {
      if (failing.delete(transport)) say(`[INFO] Self-test: ${where} responds again`)
    } else if (!failing.has(transport)) {
      failing.add(transport)
      const why = 'detail' in result ? `${result.kind}, ${result.detail}` : `no response within ${TIMEOUT_MS} ms`
      say(`[WARNING] Self-test: ${where} does not respond: ${why}`)
    }
  }

  async function round(): Promise<void> {
    await Promise.all(TRANSPORTS.map((transport) => test(transport)))
    if (stopped) return
    timer = clock.setTimeout(() => void round(), failing.size === 0 ? intervalMs : Math.min(intervalMs, RETRY_MS))
    timer.unref()
  }

  void round()
  return {
    stop() {
      stopped = true
      timer?.clear()
    },
  }
}

function resultOf(result: ExchangeResult): string {
  return result.kind === 'response' ? result.message.rcode : result.kind
}
