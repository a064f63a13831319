// Runs as a process of its own, as a pod: asks one server over UDP and over TCP every few milliseconds, each query once, and counts what
// became of them. Arguments: server, name. Ends with a line of JSON when its standard input closes.
import { query } from '../../src/dns/index.ts'
import { exchange } from '../../src/net/index.ts'
import type { Transport } from '../../src/net/index.ts'

/** What the client saw over one transport. */
export interface TransportReport {
  readonly sent: number
  readonly answered: number
  /** Neither an answer within 2 s nor a response with records. */
  readonly failed: number
  /** Milliseconds from the first failed query to the last one. */
  readonly gapMs: number
  /** Of those that were answered. */
  readonly slowestMs: number
}

/** What the client saw. */
export type ClientReport = Readonly<Record<Transport, TransportReport>>

const INTERVAL_MS = 10
const TIMEOUT_MS = 2000

const [address = '', name = ''] = process.argv.slice(2)
const message = query({ name })
const pending = new Set<Promise<void>>()

function createTally(transport: Transport) {
  const failures: number[] = []
  const counts = { sent: 0, answered: 0, slowestMs: 0 }
  return {
    async ask(): Promise<void> {
      const at = performance.now()
      counts.sent += 1
      const result = await exchange({ server: { address, port: 53 }, transport, message, timeoutMs: TIMEOUT_MS })
      if (result.kind === 'response' && result.message.answer.length > 0) {
        counts.answered += 1
        counts.slowestMs = Math.max(counts.slowestMs, result.rttMs)
      } else failures.push(at)
    },
    report(): TransportReport {
      const gapMs = failures.length === 0 ? 0 : Math.max(...failures) - Math.min(...failures)
      return { ...counts, failed: failures.length, gapMs }
    },
  }
}

const tallies = { udp: createTally('udp'), tcp: createTally('tcp') }

const timer = setInterval(() => {
  for (const tally of Object.values(tallies)) {
    const asked = tally.ask().finally(() => pending.delete(asked))
    pending.add(asked)
  }
}, INTERVAL_MS)

process.stdin.resume()
process.stdin.on('end', () => {
  clearInterval(timer)
  void Promise.all(pending).then(() => {
    const report: ClientReport = { udp: tallies.udp.report(), tcp: tallies.tcp.report() }
    process.stdout.write(`${JSON.stringify(report)}\n`)
  })
})
