// Talking to one upstream: the interface that the forward plugin and its tests share. Knows sockets only behind it.
import type { Eventual } from '../../base/index.ts'
import type { Message, WireImage } from '../../dns/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import type { UpstreamError } from './upstream-error.ts'

/** How an upstream is spoken to: plain DNS over UDP or TCP (as each query says), DNS over TLS, DNS over HTTPS. */
export type UpstreamScheme = 'dns' | 'https' | 'tls'

/** What a query went over; the values are those of CoreDNS's `proto` label. */
export type UpstreamProtocol = 'https' | 'tcp' | 'tcp-tls' | 'udp'

/** PEM texts; absent ones mean the system's authorities and no client certificate. */
export interface UpstreamTls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Name that the certificate must have; default: the address. */
  readonly serverName?: string | undefined
}

export interface UpstreamSettings {
  readonly scheme: UpstreamScheme
  /** The upstream as configured; what messages and metrics name. */
  readonly to: Endpoint
  /** Where to connect to in fact: `to` unless a lab maps it. */
  readonly connectTo: Endpoint
  readonly tls: UpstreamTls
  /** `https`: host of the URL; default the address. */
  readonly authority?: string | undefined
  /** `https`: default POST. */
  readonly httpMethod: 'GET' | 'POST'
  /** Local address to send from; absent: the system's choice. */
  readonly sourceAddress?: string | undefined
  /** Idle connections are closed after so long. */
  readonly expireMs: number
  /** Connections older than this get no further query; 0 means no limit. */
  readonly maxAgeMs: number
  /** Idle connections kept for each protocol; 0 means no limit but the pool's own. */
  readonly maxIdle: number
}

export interface UpstreamExchangeOptions {
  /** For scheme `dns`; TLS and HTTPS upstreams have one protocol only. */
  readonly transport: 'tcp' | 'udp'
  /** How long to wait for the response once the query is sent. */
  readonly readTimeoutMs: number
  /** How long all may take, connecting included. */
  readonly timeoutMs: number
}

export type UpstreamResult =
  | {
      readonly kind: 'response'
      /** With the id that it came with. */
      readonly message: Message
      /** Its octets, where they can be passed on. */
      readonly image?: WireImage | undefined
      readonly protocol: UpstreamProtocol
      readonly rttMs: number
      /** Sent over a connection that had carried queries before. */
      readonly reused: boolean
    }
  /** Nothing but responses to another question came until the time was over, or one over TCP: an upstream that lies. */
  | { readonly kind: 'other-question'; readonly protocol: UpstreamProtocol; readonly reused: boolean }
  | {
      readonly kind: 'failed'
      readonly error: UpstreamError
      readonly protocol: UpstreamProtocol
      readonly reused: boolean
    }

/** One upstream with its connections. */
export interface UpstreamClient {
  /** Sends the query under a fresh random id and waits for the response; never fails. */
  exchange(query: Message, options: UpstreamExchangeOptions): Eventual<UpstreamResult>
  /** Closes every connection; queries under way fail. */
  close(): Promise<void>
}

/** Makes the client of an upstream; opens nothing yet. */
export type ConnectUpstream = (settings: UpstreamSettings) => UpstreamClient
