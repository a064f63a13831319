// What the schema says about one question, every record with the reason why it exists.
import type { DomainName, ResourceRecord, SoaData } from '../../dns/message.ts'
import type { Absence } from './absence.ts'

export interface ObjectRef {
  readonly kind: 'EndpointSlice' | 'Namespace' | 'Pod' | 'Service' | 'ServiceImport'
  readonly namespace: string
  readonly name: string
}

/** Why a record exists. */
export interface Reason {
  /** Absent when no object but the specification or the server itself is the reason. */
  readonly object?: ObjectRef
  /** Path of the field that gave the RDATA: `spec.clusterIPs[0]`, `endpoints[3]`; empty without an object. */
  readonly field: string
  /** The rule, as half a sentence: `cluster IP of the Service`. */
  readonly text: string
}

export interface ReasonedRecord extends ResourceRecord {
  readonly reason: Reason
}

export type SoaRecord = ResourceRecord & { readonly rdata: SoaData }

export type SchemaAnswer =
  | {
      readonly kind: 'records'
      readonly zone: DomainName
      readonly answer: readonly ReasonedRecord[]
      readonly additional: readonly ReasonedRecord[]
    }
  /** An ExternalName Service asked for addresses: the caller resolves `target` and appends what it finds. */
  | {
      readonly kind: 'delegate'
      readonly zone: DomainName
      readonly answer: readonly [ReasonedRecord]
      readonly target: DomainName
    }
  | { readonly kind: 'nodata'; readonly zone: DomainName; readonly soa: SoaRecord; readonly absence: Absence }
  /** May fall through to the next plugin. */
  | { readonly kind: 'nxdomain'; readonly zone: DomainName; readonly soa: SoaRecord; readonly absence: Absence }
  /** Not found, but not everything is read yet: SERVFAIL, with the SOA; may fall through. */
  | { readonly kind: 'unsynced'; readonly zone: DomainName; readonly soa: SoaRecord; readonly absence: Absence }
  /** A zone transfer, which this zone does not offer. */
  | { readonly kind: 'refused'; readonly zone: DomainName }
  | { readonly kind: 'not-in-zone' }

/** Writes a reason as one line: `Service db/redis: spec.clusterIPs[0], cluster IP of the Service`. */
export function formatReason(reason: Reason): string {
  if (reason.object === undefined) return reason.text
  return `${formatRef(reason.object)}: ${reason.field}, ${reason.text}`
}

/** Writes an object's place: `Service db/redis`. */
export function formatRef({ kind, namespace, name }: ObjectRef): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}
