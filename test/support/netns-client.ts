// Runs as a process of its own, as a pod: asks one server over UDP every few milliseconds, each query once, and counts what became of
// them. Arguments: server, name. Ends with a line of JSON when its standard input closes.
import { query } from '../../src/dns/index.ts'
import { exchange } from '../../src/net/index.ts'

/** What the client saw. */
export interface ClientReport {
  readonly sent: number
  readonly answered: number
  /** Neither an answer within 2 s nor a response with records. */
  readonly failed: number
  /** Milliseconds from the first failed query to the last one. */
  readonly gapMs: number
  /** Of those that were answered. */
  readonly slowestMs: number
}

const INTERVAL_MS = 10
const TIMEOUT_MS = 2000

const [address = '', name = ''] = process.argv.slice(2)
const message = query({ name })
const failures: number[] = []
const pending = new Set<Promise<void>>()
let sent = 0
let answered = 0
let slowestMs = 0

async function ask(): Promise<void> {
  const at = performance.now()
  const result = await exchange({ server: { address, port: 53 }, transport: 'udp', message, timeoutMs: TIMEOUT_MS })
  if (result.kind === 'response' && result.message.answer.length > 0) {
    answered += 1
    slowestMs = Math.max(slowestMs, result.rttMs)
  } else failures.push(at)
}

const timer = setInterval(() => {
  sent += 1
  const asked = ask().finally(() => pending.delete(asked))
  pending.add(asked)
}, INTERVAL_MS)

process.stdin.resume()
process.stdin.on('end', () => {
  clearInterval(timer)
  void Promise.all(pending).then(() => {
    const gapMs = failures.length === 0 ? 0 : Math.max(...failures) - Math.min(...failures)
    const report: ClientReport = { sent, answered, failed: failures.length, gapMs, slowestMs }
    process.stdout.write(`${JSON.stringify(report)}\n`)
  })
})
