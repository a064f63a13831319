// The codes that this program can judge, in the catalogue's order: group by group. Codes are stable; they name the check,
// its page, its fixtures and the finding in every output.
import { CLIENT_CODES } from './client/codes.ts'
import { COREDNS_PODS_CODES } from './coredns-pods/codes.ts'
import { COREFILE_CODES } from './corefile/codes.ts'
import { FALSE_ALARM_CODES } from './false-alarm/codes.ts'
import { NETWORK_CODES } from './network/codes.ts'
import { NODE_CACHE_CODES } from './node-cache/codes.ts'
import { POD_DNS_CODES } from './pod-dns/codes.ts'
import { RECORDS_CODES } from './records/codes.ts'
import { SERVICE_CODES } from './service/codes.ts'
import { UPSTREAM_CODES } from './upstream/codes.ts'

/** Group -> its codes. */
interface CauseGroups {
  readonly service: typeof SERVICE_CODES
  readonly 'coredns-pods': typeof COREDNS_PODS_CODES
  readonly corefile: typeof COREFILE_CODES
  readonly upstream: typeof UPSTREAM_CODES
  readonly 'pod-dns': typeof POD_DNS_CODES
  readonly network: typeof NETWORK_CODES
  readonly 'node-cache': typeof NODE_CACHE_CODES
  readonly records: typeof RECORDS_CODES
  readonly client: typeof CLIENT_CODES
  readonly 'false-alarm': typeof FALSE_ALARM_CODES
}

export const CAUSE_GROUPS: CauseGroups = {
  service: SERVICE_CODES,
  'coredns-pods': COREDNS_PODS_CODES,
  corefile: COREFILE_CODES,
  upstream: UPSTREAM_CODES,
  'pod-dns': POD_DNS_CODES,
  network: NETWORK_CODES,
  'node-cache': NODE_CACHE_CODES,
  records: RECORDS_CODES,
  client: CLIENT_CODES,
  'false-alarm': FALSE_ALARM_CODES,
}

export type CauseGroup = keyof CauseGroups
export type CauseCode = CauseGroups[CauseGroup][number]

/** Every code, in the order in which ties between equal explanations are decided. */
export const CAUSE_CODES: readonly CauseCode[] = Object.values(CAUSE_GROUPS).flat()
