// What decides the schema besides the objects: the kubernetes directive's options, and the serving machine's state.
import type { DomainName } from '../../dns/message.ts'

/** Options of the `kubernetes` directive that change answers. */
export interface SchemaOptions {
  /** Lower-case, with final dot, in the order of the directive; reverse zones included. */
  readonly zones: readonly DomainName[]
  /** Those of `zones` that hold ServiceImports instead of Services (MCS API, KEP-1645). */
  readonly multiclusterZones: readonly DomainName[]
  /** Seconds. */
  readonly ttl: number
  readonly pods: 'disabled' | 'insecure' | 'verified'
  /** Endpoints without hostname are named after their pod instead of their address. */
  readonly endpointPodNames: boolean
  /** False with `noendpoints`: endpoint and headless names do not exist. */
  readonly endpoints: boolean
  /** Services with a cluster IP but without ready endpoints do not exist. */
  readonly ignoreEmptyService: boolean
  /** Only these exist; empty means all. */
  readonly namespaces: readonly string[]
  /** `ZONE.pin._zone.SERVICE` and `ZONE.prefer._zone.SERVICE` exist. */
  readonly zonal: boolean
}

/** The directive's defaults, for the zones of a plain cluster. */
export const DEFAULT_SCHEMA_OPTIONS: SchemaOptions = {
  zones: ['cluster.local.', 'in-addr.arpa.', 'ip6.arpa.'],
  multiclusterZones: [],
  ttl: 5,
  pods: 'disabled',
  endpointPodNames: false,
  endpoints: true,
  ignoreEmptyService: false,
  namespaces: [],
  zonal: false,
}

/** State that is neither in the objects nor in the options. */
export interface SchemaEnv {
  /** The server's own addresses, loopback left out: what `ns.dns.ZONE` and the apex NS lead to. */
  readonly localAddresses: readonly string[]
  /** Unix time in seconds of the last change seen: the SOA's serial. */
  readonly serial: number
  /** False while the objects are not all read: what is not found then may still exist. */
  readonly synced: boolean
}

/** For answers outside a running server. */
export const OFFLINE_ENV: SchemaEnv = { localAddresses: [], serial: 0, synced: true }

/**
 * The zone that names in PTR records are made with: the first that is not below in-addr.arpa or ip6.arpa.
 *
 * The apexes themselves do not count as reverse zones, as in CoreDNS (Talos runs with nothing else).
 */
export function primaryZone(options: SchemaOptions): DomainName | undefined {
  return options.zones.find((zone) => !isReverseZone(zone) && !options.multiclusterZones.includes(zone))
}

/** Whether a zone is below in-addr.arpa or ip6.arpa. */
export function isReverseZone(zone: DomainName): boolean {
  return zone.endsWith('.in-addr.arpa.') || zone.endsWith('.ip6.arpa.')
}
