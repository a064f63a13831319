// What was expected and what came, in a few words for one line.
import type { Say } from './wording/index.ts'
import type { Expectation, Observation } from '../../doctor/ladder/index.ts'

const MAX_LISTED = 4

/** `NOERROR 10.233.0.1`, `NXDOMAIN`, `no response`. */
export function formatObservation(observed: Observation, say: Say): string {
  switch (observed.kind) {
    case 'response':
      return `${observed.rcode}${observed.tc ? say.words('seen-truncated') : ''}${listed(observed.rcode, observed.records, say)}`
    case 'status':
      return `HTTP ${observed.status}`
    case 'timeout':
      return say.words('seen-timeout')
    case 'nothing':
      return say.words('seen-nothing')
    case 'closed':
    case 'refused':
    case 'unreachable':
      return observed.detail
  }
}

/** `NOERROR 10.233.0.1`, `NXDOMAIN`, `any answer`. */
export function formatExpectation(expected: Expectation, say: Say): string {
  switch (expected.kind) {
    case 'records':
      return `${expected.rcode}${listed(expected.rcode, expected.records, say)}`
    case 'answer':
      return say.words(expected.mustExist ? 'want-records' : 'want-any')
    case 'no-denial':
      return say.words('want-exists')
    case 'status':
      return `HTTP ${expected.status}`
  }
}

function listed(rcode: string, records: readonly string[], say: Say): string {
  if (records.length === 0) return rcode === 'NOERROR' ? say.words('seen-empty') : ''
  const more = records.length > MAX_LISTED ? say.words('seen-more', { count: records.length - MAX_LISTED }) : ''
  return ` ${records.slice(0, MAX_LISTED).join(', ')}${more}`
}
