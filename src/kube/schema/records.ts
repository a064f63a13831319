// Records with reasons, and what counts with them: TTL, weights, duplicates.
import type { DomainName, RData } from '../../dns/message.ts'
import type { Reason, ReasonedRecord, SoaRecord } from './answer.ts'

/** Makes one record of class IN. */
export function record(
  name: DomainName,
  ttl: number,
  rdata: Exclude<RData, { type: 'UNKNOWN' }>,
  reason: Reason,
): ReasonedRecord {
  return { name, type: rdata.type, class: 'IN', ttl, rdata, reason }
}

/** Makes the A or AAAA record of an address. */
export function addressRecord(name: DomainName, ttl: number, address: string, reason: Reason): ReasonedRecord {
  return record(name, ttl, { type: familyOf(address), address }, reason)
}

/** The record type that holds an address. */
export function familyOf(address: string): 'A' | 'AAAA' {
  return address.includes(':') ? 'AAAA' : 'A'
}

/** Caps the TTL of the SOA, as CoreDNS does; its `minimum` stays. */
const LONGEST_SOA_TTL = 300

/** Makes a zone's SOA: what every negative answer carries. */
export function soaRecord(zone: DomainName, ttl: number, serial: number): SoaRecord {
  const below = zone === '.' ? '' : zone
  return {
    name: zone,
    type: 'SOA',
    class: 'IN',
    ttl: Math.min(ttl, LONGEST_SOA_TTL),
    rdata: {
      type: 'SOA',
      mname: `ns.dns.${below}`,
      rname: `hostmaster.${below}`,
      serial: serial >>> 0,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttl,
    },
  }
}

/** One address behind one port, before it is known whether A, AAAA or SRV was asked. */
export interface Candidate {
  readonly address: string
  readonly port: number
  /** Owner of the address records and target of the SRV. */
  readonly target: DomainName
  readonly reason: Reason
  readonly portReason: Reason
}

/**
 * Makes SRV records and the addresses of their targets.
 *
 * Priority is 0. The weight is 100 shared among all candidates, counted before equal SRV records are merged, at least 1
 * (CoreDNS). Candidates without port (-1) count but give no SRV.
 */
export function srvRecords(
  owner: DomainName,
  ttl: number,
  candidates: readonly Candidate[],
): { readonly answer: ReasonedRecord[]; readonly additional: ReasonedRecord[] } {
  const weight = Math.max(1, Math.floor(100 / candidates.length))
  const answer: ReasonedRecord[] = []
  const additional: ReasonedRecord[] = []
  const seen = new Set<string>()
  for (const { address, port, target, reason, portReason } of candidates) {
    if (port === -1) continue
    const srv = `${port} ${target}`
    if (!seen.has(srv)) {
      seen.add(srv)
      answer.push(record(owner, ttl, { type: 'SRV', priority: 0, weight, port, target }, portReason))
    }
    const glue = `${address} ${target}`
    if (!seen.has(glue)) {
      seen.add(glue)
      additional.push(addressRecord(target, ttl, address, reason))
    }
  }
  return { answer, additional }
}
