// The analysis of a capture as one JSON value; text is made from it and from nothing else.
import { linkTypeName } from '../capture/index.ts'
import type { CaptureFile } from '../capture/index.ts'
import { rcodeMnemonic, typeMnemonic } from '../dns/index.ts'
import type { CaptureAnalysis } from './capture-analysis.ts'
import { describeAddress, findPatterns } from './patterns/find-patterns.ts'
import type { AddressNames } from './patterns/find-patterns.ts'
import type { Pattern } from './patterns/pattern.ts'
import { BORDERS_MICROS } from './statistics/latency-histogram.ts'
import type { LatencyHistogram } from './statistics/latency-histogram.ts'
import { serverLatency } from './statistics/traffic.ts'

/** What `fathom pcap -o json` prints. */
export interface CaptureReport {
  readonly schemaVersion: 1
  readonly file: {
    /** `live` for what was just captured. */
    readonly format: string
    readonly linkTypes: readonly string[]
    readonly frames: number
    /** Octets of the file, before compression; of a live capture the frames'. */
    readonly bytes: number
    /** ISO 8601; null without frames. */
    readonly firstAt: string | null
    readonly lastAt: string | null
    readonly cutShort: boolean
    /** How often times jumped back by more than 20 s, as in files that were joined one behind the other. */
    readonly jumpsBack: number
  }
  readonly dns: {
    readonly queries: number
    readonly responses: number
    readonly transactions: number
    readonly answered: number
    readonly unanswered: number
    readonly unknown: number
    readonly resent: number
    /** Asked again with a new id after silence; asked of several servers at once; second sights of one packet. */
    readonly retried: number
    readonly parallel: number
    readonly copies: number
    readonly malformed: number
    readonly mdns: number
    readonly llmnr: number
    readonly rcodes: Readonly<Record<string, number>>
    readonly types: Readonly<Record<string, number>>
    readonly overTcp: number
  }
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number } | null
  /** Answered transactions by latency; borders in milliseconds. */
  readonly histogram: readonly { readonly fromMs: number; readonly toMs: number | null; readonly count: number }[]
  readonly servers: readonly ServerReport[]
  readonly clients: readonly { readonly client: string; readonly queries: number; readonly unanswered: number }[]
  readonly names: readonly { readonly name: string; readonly queries: number; readonly nxdomain: number }[]
  readonly tcp: {
    readonly connections: number
    readonly handshakesUnanswered: number
    readonly refused: number
    readonly retransmissions: number
  }
  readonly icmp: readonly IcmpReport[]
  readonly patterns: readonly Pattern[]
}

interface ServerReport {
  readonly server: string
  readonly queries: number
  readonly answered: number
  readonly unanswered: number
  /** Null when nothing was answered. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

interface IcmpReport {
  readonly version: 4 | 6
  readonly type: number
  readonly code: number
  readonly meaning: string
  readonly from: string
  readonly about: string
  readonly count: number
  readonly frames: readonly number[]
}

const TOP = 10

/** Puts a finished analysis into a report. @param file undefined for a live capture */
export function createReport(
  analysis: CaptureAnalysis,
  file: CaptureFile | undefined,
  known?: AddressNames,
): CaptureReport {
  const { traffic, counts, decoder } = analysis
  const address = (id: number): string => describeAddress(decoder.addresses.format(id), known)
  const tcp = [...analysis.connections]
  const latency = traffic.latency()
  return {
    schemaVersion: 1,
    file: {
      format: file === undefined ? 'live' : file.format + (file.isGzip ? '+gzip' : ''),
      linkTypes: [...new Set((file?.interfaces ?? []).map(({ linkType }) => linkTypeName(linkType)))],
      frames: analysis.frames,
      bytes: file?.bytes ?? analysis.wireBytes,
      firstAt: isoTime(analysis.frames === 0 ? undefined : analysis.firstAtMicros),
      lastAt: isoTime(analysis.frames === 0 ? undefined : analysis.lastAtMicros),
      cutShort: file?.cutShort !== undefined,
      jumpsBack: analysis.jumpsBack,
    },
    dns: {
      queries: counts.queries,
      responses: counts.responses,
      transactions: traffic.transactions,
      answered: traffic.answered,
      unanswered: traffic.unanswered,
      unknown: traffic.unknown,
      resent: traffic.resent,
      retried: traffic.retried,
      parallel: traffic.parallel,
      copies: counts.copies,
      malformed: counts.malformed,
      mdns: counts.mdns,
      llmnr: counts.llmnr,
      rcodes: sorted(traffic.rcodes, rcodeMnemonic),
      types: sorted(traffic.types, typeMnemonic),
      overTcp: traffic.overTcp,
    },
    latencyMs: latencies(latency),
    histogram: BORDERS_MICROS.map((from, index) => {
      const to = BORDERS_MICROS[index + 1] ?? Infinity
      return { fromMs: from / 1000, toMs: to === Infinity ? null : to / 1000, count: latency.between(from, to) }
    }),
    servers: [...traffic.servers.values()]
      .sort((a, b) => b.queries - a.queries)
      .slice(0, TOP)
      .map((figures) => {
        const { server, queries, answered, unanswered } = figures
        const latency = latencies(serverLatency(figures))
        const [p50Ms, p99Ms] = [latency?.p50 ?? null, latency?.p99 ?? null]
        return { server: address(server), queries, answered, unanswered, p50Ms, p99Ms }
      }),
    clients: topClients(analysis, address),
    names: topNames(analysis),
    tcp: {
      connections: analysis.connectionCount,
      handshakesUnanswered: tcp.filter(
        ({ syns, synAck, serverReset }) => syns > 0 && synAck === undefined && serverReset === undefined,
      ).length,
      refused: tcp.filter(({ synAck, serverReset }) => synAck === undefined && serverReset !== undefined).length,
      retransmissions: tcp.reduce(
        (sum, { toServer, toClient }) => sum + toServer.retransmissions + toClient.retransmissions,
        0,
      ),
    },
    icmp: [...analysis.icmp.all.values()].map((error) => ({
      version: error.version,
      type: error.type,
      code: error.code,
      meaning: error.meaning,
      from: address(error.sender),
      about: `${address(error.source)}.${error.sourcePort} > ${address(error.destination)}.${error.destinationPort} ${error.protocol}`,
      count: error.count,
      frames: error.frames,
    })),
    patterns: findPatterns(analysis, file, known),
  }
}

function latencies(latency: LatencyHistogram): CaptureReport['latencyMs'] {
  if (latency.count === 0) return null
  const ms = (share: number): number => latency.quantile(share) / 1000
  return { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99), max: latency.maxMicros / 1000 }
}

function topClients({ traffic }: CaptureAnalysis, address: (id: number) => string): CaptureReport['clients'] {
  const clients = new Map<number, { queries: number; unanswered: number }>()
  for (const pair of traffic.pairTable.pairs) {
    const sum = clients.get(pair.client) ?? { queries: 0, unanswered: 0 }
    const lost = pair.udpUnanswered + pair.tcpUnanswered
    sum.queries += pair.udpAnswered + pair.tcpAnswered + lost + pair.unknown
    sum.unanswered += lost
    clients.set(pair.client, sum)
  }
  const sums = [...clients].sort(([, a], [, b]) => b.queries - a.queries).slice(0, TOP)
  return sums.map(([client, sum]) => ({ client: address(client), ...sum }))
}

function topNames({ names, traffic }: CaptureAnalysis): CaptureReport['names'] {
  const best: number[] = []
  const countOf = (id: number): number => traffic.nameFigures.queries(id)
  for (let id = 1; id < names.size; id += 1) {
    const least = best[TOP - 1]
    if (countOf(id) === 0 || (least !== undefined && countOf(id) <= countOf(least))) continue
    best.push(id)
    best.sort((a, b) => countOf(b) - countOf(a))
    best.length = Math.min(best.length, TOP)
  }
  return best.map((id) => ({
    name: names.format(id),
    queries: countOf(id),
    nxdomain: traffic.nameFigures.nxdomains(id),
  }))
}

function sorted(counts: ReadonlyMap<number, number>, nameOf: (number: number) => string): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a).map(([number, count]) => [nameOf(number), count]))
}

/** Times that no calendar has are left out: a file may hold any. */
function isoTime(micros: number | undefined): string | null {
  if (micros === undefined || !(Math.abs(micros) < 8.64e18)) return null
  const text = new Date(Math.floor(micros / 1000)).toISOString()
  return text.replace('Z', `${String(Math.floor(micros % 1000)).padStart(3, '0')}Z`)
}
