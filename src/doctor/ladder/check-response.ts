// Holds what came against what should have come. Knows neither servers nor causes: one expectation, one observation.
import { parseAddress } from '../../dns/index.ts'
import { phrase } from './phrase.ts'
import type { Phrase } from './phrase.ts'
import type { Expectation, Observation, ResponseSummary } from './rung.ts'

/** `ok`, or `failed` with the reason. */
export type CheckResult = { readonly result: 'ok' } | { readonly result: 'failed'; readonly why: Phrase }

/** Compares one observation with its expectation. */
export function checkObservation(expected: Expectation, observed: Observation): CheckResult {
  switch (observed.kind) {
    case 'response':
      return checkResponse(expected, observed)
    case 'status':
      return expected.kind === 'status' && expected.status === observed.status
        ? { result: 'ok' }
        : failed('failed.status', { status: observed.status, summary: observed.summary })
    case 'timeout':
      if (observed.pairs !== undefined) {
        return failed('failed.pairs', { count: observed.pairs.halved, asked: observed.pairs.asked })
      }
      return failed(observed.connected === true ? 'failed.timeout-connected' : 'failed.timeout')
    case 'closed':
    case 'refused':
    case 'unreachable':
      return failed(`failed.${observed.kind}`, { detail: observed.detail })
    case 'nothing':
      return failed('failed.nothing')
  }
}

function checkResponse(expected: Expectation, observed: ResponseSummary): CheckResult {
  switch (expected.kind) {
    case 'answer': {
      const exists = observed.rcode === 'NOERROR' && (observed.recordCount > 0 || observed.tc)
      if (exists && expected.needsAddress === true && !observed.tc && !observed.records.some(isAddress)) {
        return failed('failed.bare-cname', { records: observed.records.slice(0, 4) })
      }
      if (exists || (!expected.mustExist && ['NOERROR', 'NXDOMAIN'].includes(observed.rcode))) return { result: 'ok' }
      return observed.rcode === 'NOERROR' ? failed('failed.no-data') : failed('failed.rcode', { rcode: observed.rcode })
    }
    case 'records': {
      const denial = observed.soaTtl !== undefined && observed.recordCount === 0 && !observed.tc
      if (denial && ['NOERROR', 'NXDOMAIN'].includes(observed.rcode) && expected.records.length > 0) {
        // The objects say that the name is there: what denies it may have learned so before (RFC 2308 §5).
        return failed('failed.denied', { rcode: observed.rcode, seconds: observed.soaTtl ?? 0 })
      }
      if (observed.rcode !== expected.rcode) {
        return failed('failed.other-rcode', { rcode: observed.rcode, expected: expected.rcode })
      }
      // A truncated response may leave out what TCP brings (RFC 2181 §9): what it holds must still be right.
      const missing = observed.tc ? [] : without(expected.records, observed.records)
      const surplus = without(observed.records, expected.records)
      if (missing.length === 0 && surplus.length === 0) return { result: 'ok' }
      return failed('failed.records', { missing: missing.slice(0, 4), surplus: surplus.slice(0, 4) })
    }
    case 'no-denial':
      return observed.rcode === 'NOERROR' ? { result: 'ok' } : failed('failed.denies-type', { rcode: observed.rcode })
    case 'status':
      return failed('failed.nothing')
  }
}

/** Whether a record's data is an address, as of A and AAAA. */
export function isAddress(record: string): boolean {
  return parseAddress(record) !== undefined
}

function without(records: readonly string[], others: readonly string[]): string[] {
  const seen = new Set(others.map((record) => record.toLowerCase()))
  return records.filter((record) => !seen.has(record.toLowerCase()))
}

function failed(key: string, values: Phrase['values'] = {}): CheckResult {
  return { result: 'failed', why: phrase(key, values) }
}
