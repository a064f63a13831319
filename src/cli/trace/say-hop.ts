// What was expected and what came, in a few words for one line.
import type { Expectation, Observation } from '../../doctor/ladder/index.ts'

const MAX_LISTED = 4

/** `NOERROR 10.233.0.1`, `NXDOMAIN`, `no response`. */
export function formatObservation(observed: Observation): string {
  switch (observed.kind) {
    case 'response':
      return `${observed.rcode}${observed.tc ? ' (truncated)' : ''}${listed(observed.rcode, observed.records)}`
    case 'status':
      return `HTTP ${observed.status}`
    case 'timeout':
      return 'no response'
    case 'nothing':
      return 'not asked'
    case 'closed':
    case 'refused':
    case 'unreachable':
      return observed.detail
  }
}

/** `NOERROR 10.233.0.1`, `NXDOMAIN`, `any answer`. */
export function formatExpectation(expected: Expectation): string {
  switch (expected.kind) {
    case 'records':
      return `${expected.rcode}${listed(expected.rcode, expected.records)}`
    case 'answer':
      return expected.mustExist ? 'an answer with records' : 'any answer'
    case 'no-denial':
      return 'NOERROR, the name exists'
    case 'status':
      return `HTTP ${expected.status}`
  }
}

function listed(rcode: string, records: readonly string[]): string {
  if (records.length === 0) return rcode === 'NOERROR' ? ' without records' : ''
  const more = records.length > MAX_LISTED ? ` and ${records.length - MAX_LISTED} more` : ''
  return ` ${records.slice(0, MAX_LISTED).join(', ')}${more}`
}
