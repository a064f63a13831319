// From what a vantage brings to what a rung keeps: short, plain, comparable.
import { formatRData } from '../../dns/index.ts'
import type { ExchangeResult, StrayMessage } from '../../net/exchange-result.ts'
import type { HttpResult } from '../../vantage/vantage.ts'
import { phrase } from './phrase.ts'
import type { Phrase } from './phrase.ts'
import { MAX_RECORDS } from './rung.ts'
import type { Observation } from './rung.ts'

/** Longest text kept of a body that is only shown. */
const MAX_SUMMARY = 80

/** Summarizes what became of one DNS question, with all its records: {@link shortenRecords} when they were compared. */
export function summarizeExchange(result: ExchangeResult): Observation {
  switch (result.kind) {
    case 'response': {
      const { rcode, answer, authority, flags } = result.message
      const soa = authority.find(({ type }) => type === 'SOA')
      return {
        kind: 'response',
        rcode,
        records: answer.map(({ rdata }) => formatRData(rdata)).sort(),
        recordCount: answer.length,
        aa: flags.aa,
        tc: flags.tc,
        ...(answer.length === 0 ? {} : { ttl: Math.min(...answer.map(({ ttl }) => ttl)) }),
        ...(soa === undefined ? {} : { soaTtl: soa.ttl }),
      }
    }
    case 'timeout':
      return {
        kind: 'timeout',
        ...(result.connected === true ? { connected: true } : {}),
        ...(result.answered === 'one' ? { pairs: { asked: 1, halved: 1 } } : {}),
      }
    case 'refused':
    case 'unreachable':
    case 'closed':
      return { kind: result.kind, detail: result.detail }
  }
}

/** Keeps the first {@link MAX_RECORDS} records; of equal sets it keeps the same ones. */
export function shortenRecords(observed: Observation): Observation {
  if (observed.kind !== 'response' || observed.records.length <= MAX_RECORDS) return observed
  return { ...observed, records: observed.records.slice(0, MAX_RECORDS) }
}

/** Summarizes what became of one HTTP request. */
export function summarizeHttp(result: Exclude<HttpResult, { kind: 'skipped' }>): Observation {
  if (result.kind === 'response') {
    const text = result.body.trim().split('\n', 1)[0] ?? ''
    return { kind: 'status', status: result.status, summary: printable(text).slice(0, MAX_SUMMARY) }
  }
  return result.why === 'timeout' ? { kind: 'timeout' } : { kind: result.why, detail: result.detail }
}

/** One phrase for a message that came but was not the response. */
export function summarizeStray({ from, why, detail }: StrayMessage): Phrase {
  const address = from.address.includes(':') ? `[${from.address}]:${from.port}` : `${from.address}:${from.port}`
  return phrase(`stray.${why}`, { from: address, detail: detail ?? '' })
}

/** A server's text must not move the cursor of the terminal it is shown on. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t]/gu, '\u{FFFD}')
}
