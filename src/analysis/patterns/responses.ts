// Patterns of what responses say: refusals, failures, contradictions, names that do not exist, loops, and how long they take.
import { rcodeMnemonic } from '../../dns/index.ts'
import type { Incident } from '../statistics/pair.ts'
import type { ServerFigures } from '../statistics/traffic.ts'
import { countOf, firstFrames } from './pattern.ts'
import type { Finder, Findings, Pattern, PatternEvidence } from './pattern.ts'

const SERVFAIL = 2
const REFUSED = 5
/** Medians in microseconds. */
const SLOW_MICROS = 200_000
const FAST_MICROS = 20_000
const GROWN_MICROS = 50_000

/** One or more SERVFAIL; the upstream's part in it is told where it is visible. */
export const servfail: Finder = (findings) => byRcode(findings, SERVFAIL)
/** One or more REFUSED. */
export const refused: Finder = (findings) => byRcode(findings, REFUSED)

function byRcode({ pairs, address, name, type }: Findings, rcode: number): Pattern[] {
  const servers = new Map<number, Incident[]>()
  for (const { server, incidents } of pairs) {
    const found = incidents.filter(({ transaction }) => transaction.state === 'answered' && transaction.rcode === rcode)
    if (found.length > 0) servers.set(server, [...(servers.get(server) ?? []), ...found])
  }
  return [...servers].flatMap(([server, incidents]): Pattern[] => {
    const [first] = incidents
    if (first === undefined) return []
    const { transaction } = first
    const evidence = [
      {
        text: `${countOf(incidents.length, 'response')}, such as for ${name(transaction.name)} ${type(transaction.type)}`,
        frames: firstFrames(
          incidents.flatMap(({ transaction }) => [transaction.queryFrame, transaction.responseFrame]),
        ),
      },
    ]
    const servers = new Set([server, transaction.endpoint])
    const behind = pairs
      .filter(({ client }) => client !== 0 && servers.has(client))
      .flatMap((pair) => pair.incidents.map((incident) => ({ pair, incident })))
      .find(
        ({ incident }) =>
          incident.transaction.name === transaction.name &&
          incident.transaction.type === transaction.type &&
          incident.transaction.firstAtMicros >= transaction.firstAtMicros &&
          (incident.transaction.state !== 'answered' || incident.transaction.rcode !== 0),
      )
    if (behind !== undefined) {
      const { state, rcode, queryFrame, responseFrame } = behind.incident.transaction
      evidence.push({
        text: `behind it ${address(behind.pair.server)} ${state === 'answered' ? `answered ${rcodeMnemonic(rcode)}` : 'did not answer'}`,
        frames: firstFrames([queryFrame, responseFrame]),
      })
    }
    return [
      {
        code: rcode === SERVFAIL ? 'servfail-responses' : 'refused-responses',
        kind: 'fault',
        count: incidents.length,
        subject: address(server),
        evidence,
      },
    ]
  })
}

/** One or more responses from an address that was not asked, without one from where it was asked. */
export const unexpectedSource: Finder = ({ pairs, address }) =>
  pairs.flatMap((pair): Pattern[] => {
    const found = pair.incidents.filter(({ transaction }) => transaction.strangeSource !== 0)
    const [first] = found
    if (first === undefined) return []
    return [
      {
        code: 'unexpected-source',
        kind: 'fault',
        count: found.length,
        subject: `${address(pair.client)} -> ${address(pair.server)}`,
        evidence: [
          {
            text: `asked ${address(pair.server)}, the response came from ${address(first.transaction.strangeSource)}`,
            frames: firstFrames(found.flatMap(({ transaction }) => [transaction.queryFrame, transaction.strangeFrame])),
          },
        ],
      },
    ]
  })

/** One or more queries with two responses that differ in rcode or records. */
export const conflictingResponses: Finder = ({ pairs, address, name, type }) =>
  pairs.flatMap((pair): Pattern[] => {
    const found = pair.incidents.filter(({ transaction }) => transaction.isConflicting)
    const [first] = found
    if (first === undefined) return []
    return [
      {
        code: 'conflicting-responses',
        kind: 'fault',
        count: found.length,
        subject: `${address(pair.server)} -> ${address(pair.client)}`,
        evidence: [
          {
            text: `two different responses to one query for ${name(first.transaction.name)} ${type(first.transaction.type)}`,
            frames: firstFrames(
              found.flatMap(({ transaction }) => [
                transaction.queryFrame,
                transaction.responseFrame,
                transaction.secondResponseFrame,
              ]),
            ),
          },
        ],
      },
    ]
  })

/** One or more messages that are whole and cannot be read. */
export const malformedMessages: Finder = ({ analysis, address }) => {
  const [first] = analysis.malformed
  if (first === undefined) return []
  const faults = new Set(analysis.malformed.map(({ fault }) => fault))
  return [
    {
      code: 'malformed-messages',
      kind: 'fault',
      count: analysis.counts.malformed,
      subject: `from ${address(first.source)} to ${address(first.destination)}`,
      evidence: [
        {
          text: `messages that cannot be read: ${[...faults].join(', ')}`,
          frames: firstFrames(analysis.malformed.map(({ frame }) => frame)),
        },
      ],
    },
  ]
}

/** The bare name and at least two names with suffixes behind it, all NXDOMAIN for one client within 15 s. */
export const nameDoesNotExist: Finder = ({ analysis, address, name }) => {
  const { failed, failedCount } = analysis.traffic.searchLists
  const [first] = failed
  if (first === undefined) return []
  return [
    {
      code: 'name-does-not-exist',
      kind: 'fault',
      count: failedCount,
      subject: `${name(first.name)} asked by ${address(first.client)}`,
      evidence: [
        {
          text: `${countOf(first.suffixes, 'suffix', 'suffixes')} of the search list and the bare name: NXDOMAIN`,
          frames: firstFrames(first.frames),
        },
      ],
    },
  ]
}

/** More than half of all transactions, and at least 20, are suffixes tried for names outside the cluster that exist. */
export const searchListAmplification: Finder = ({ analysis, address, name }) => {
  const { wastedQueries, externalLookups, example } = analysis.traffic.searchLists
  if (example === undefined || wastedQueries < 20 || wastedQueries * 2 <= analysis.traffic.transactions) return []
  return [
    {
      code: 'search-list-amplification',
      kind: 'fault',
      count: wastedQueries,
      subject: `${name(example.name)} and others, asked by ${address(example.client)}`,
      evidence: [
        {
          text: `${wastedQueries} of ${analysis.traffic.transactions} transactions are NXDOMAIN for suffixes of ${countOf(externalLookups, 'lookup')} of external names`,
          frames: firstFrames(example.frames),
        },
      ],
    },
  ]
}

/** One question three times in each direction between two servers, or ten times from one server to itself with no good answer. */
export const forwardingLoop: Finder = ({ analysis, address, name, type }) => {
  const loops = analysis.loops.found()
  const [first] = loops
  if (first === undefined) return []
  const isSelf = first.low === first.high
  return [
    {
      code: 'forwarding-loop',
      kind: 'fault',
      count: loops.reduce((sum, { there, back }) => sum + there + back, 0),
      subject: isSelf ? address(first.low) : `${address(first.low)} <-> ${address(first.high)}`,
      evidence: [
        {
          text: isSelf
            ? `asked itself for ${name(first.name)} ${type(first.type)} ${first.there} times`
            : `${name(first.name)} ${type(first.type)} went ${first.there} times one way and ${first.back} times the other`,
          frames: firstFrames(first.frames),
        },
      ],
    },
  ]
}

/** At least five external names with a median of 200 ms or more, while cluster names of whoever asked have 20 ms or less. */
export const upstreamSlow: Finder = ({ analysis, pairs, address, isServer }) => {
  const { servers } = analysis.traffic
  return [...servers.values()].flatMap((upstream): Pattern[] => {
    const slow = upstream.externalLatency
    if (slow.count < 5 || slow.quantile(0.5) < SLOW_MICROS) return []
    const asking = pairs.filter(({ server }) => server === upstream.server)
    const forwarders = new Set(asking.map(({ client }) => client).filter((client) => isServer(client)))
    // The forwarders themselves, and the Service IPs that they are behind.
    const inFront = new Set([upstream.server, ...forwarders])
    for (const { server, endpoints } of pairs)
      if ([...endpoints.keys()].some((endpoint) => forwarders.has(endpoint))) inFront.add(server)
    const fast = [...servers.values()].find(
      ({ server, clusterLatency }) =>
        inFront.has(server) && clusterLatency.count >= 3 && clusterLatency.quantile(0.5) <= FAST_MICROS,
    )
    if (fast === undefined) return []
    // The forwarder's clients see the same slowness: it is told once, of the upstream.
    const own = new Set([upstream.server, ...asking.flatMap(({ endpoints }) => [...endpoints.keys()])])
    const isInFront = pairs.some(
      ({ client, server }) =>
        isServer(client) && own.has(client) && (servers.get(server)?.externalLatency.quantile(0.5) ?? 0) >= SLOW_MICROS,
    )
    if (isInFront) return []
    return [
      {
        code: 'upstream-slow',
        kind: 'fault',
        count: slow.count,
        subject: address(upstream.server),
        evidence: [
          {
            text: `external names take ${(slow.quantile(0.5) / 1000).toFixed(0)} ms (median of ${slow.count}), cluster names at ${address(fast.server)} ${(fast.clusterLatency.quantile(0.5) / 1000).toFixed(1)} ms`,
            frames: [],
          },
          slowestOf(upstream),
        ],
      },
    ]
  })
}

/** Over at least six slices of time, latency climbs in four of five steps, to ten times and 50 ms or more, with nothing lost. */
export const latencyGrowing: Finder = ({ analysis, address }) =>
  [...analysis.traffic.servers.values()].flatMap((server): Pattern[] => {
    if (server.unanswered * 1000 > server.queries) return []
    const slices = server.load.slices(10)
    const low = slices[0]
    const peak = slices.findIndex(
      ({ meanMicros }) => meanMicros === Math.max(...slices.map((slice) => slice.meanMicros)),
    )
    const high = slices[peak]
    if (low === undefined || high === undefined || peak < 5) return []
    const climbing = slices
      .slice(1, peak + 1)
      .filter((slice, index) => slice.meanMicros > (slices[index]?.meanMicros ?? 0)).length
    if (high.meanMicros < GROWN_MICROS || high.meanMicros < 10 * low.meanMicros || climbing * 5 < peak * 4) return []
    return [
      {
        code: 'latency-growing',
        kind: 'fault',
        count: server.answered,
        subject: address(server.server),
        evidence: [
          {
            text: `the mean latency climbs from ${(low.meanMicros / 1000).toFixed(1)} ms to ${(high.meanMicros / 1000).toFixed(0)} ms, nothing is lost: queries wait in a queue`,
            frames: [],
          },
          slowestOf(server),
        ],
      },
    ]
  })

function slowestOf({ slowest: { micros, queryFrame, responseFrame } }: ServerFigures): PatternEvidence {
  return {
    text: `the slowest took ${(micros / 1000).toFixed(0)} ms`,
    frames: firstFrames([queryFrame, responseFrame]),
  }
}
