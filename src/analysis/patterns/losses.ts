// Patterns of queries that got no response: who is silent, what is lost, and what it has in common.
import type { EndpointCounts, Incident, Pair } from '../statistics/pair.ts'
import { latencyMs } from '../transactions/transaction.ts'
import { countOf, firstFrames } from './pattern.ts'
import type { Finder, Pattern } from './pattern.ts'

const TYPE_A = 1
const TYPE_AAAA = 28
/** glibc's time-out is 5 s, musl's 2.5 s between attempts, and 1 s with "timeout:1", counted from the first of the pair. */
const RACE_RESEND_MS = 900
const LARGE_BYTES = 1200
const LATE_MICROS = 1e6
/** Resolvers wait a second or more before they ask anew. */
const GIVEN_UP_MICROS = 500_000

/** Those whose fate nobody tells. */
const unanswered = ({ incidents }: Pair): Incident[] =>
  incidents.filter(({ transaction }) => transaction.state === 'unanswered' && !transaction.isRejected)

const isSilent = (pair: Pair): boolean =>
  pair.udpAnswered + pair.tcpAnswered === 0 && pair.udpUnanswered + pair.tcpUnanswered > 0

/** Unanswered over UDP while the same question is answered over TCP; at least one question, and no UDP response at all. */
export const udpBlocked: Finder = ({ pairs, address }) =>
  pairs.flatMap((pair) => {
    if (pair.udpAnswered > 0 || pair.udpUnanswered === 0 || pair.tcpAnswered === 0) return []
    const proven = pair.incidents.flatMap((incident) => {
      if (incident.transaction.state !== 'unanswered') return []
      const tcp = incident.followUps.find(
        ({ transport, isAnswered, server }) => transport === 'tcp' && isAnswered && server === pair.server,
      )
      return tcp === undefined ? [] : [{ incident, tcp }]
    })
    const [first] = proven
    if (first === undefined) return []
    return [
      {
        code: 'udp-53-blocked',
        kind: 'fault',
        count: pair.udpUnanswered,
        subject: `${address(pair.client)} -> ${address(pair.server)}`,
        evidence: [
          {
            text: `${countOf(pair.udpUnanswered, 'query', 'queries')} over UDP, no response`,
            frames: firstFrames(proven.map(({ incident }) => incident.transaction.queryFrame)),
          },
          {
            text: 'the same question over TCP was answered',
            frames: firstFrames([first.tcp.queryFrame, first.tcp.responseFrame]),
          },
        ],
      },
    ]
  })

/** Of several endpoints behind one Service IP, one has at least two unanswered queries and no response, another has responses. */
export const endpointUnresponsive: Finder = ({ analysis, pairs, address }) => {
  const services = new Map<number, Map<number, EndpointCounts>>()
  for (const pair of pairs) {
    const endpoints = services.get(pair.server) ?? new Map<number, EndpointCounts>()
    services.set(pair.server, endpoints)
    for (const [endpoint, counts] of pair.endpoints) {
      const sum = endpoints.get(endpoint) ?? { answered: 0, unanswered: 0, unansweredFrames: [] }
      sum.answered += counts.answered
      sum.unanswered += counts.unanswered
      sum.unansweredFrames.push(...counts.unansweredFrames)
      endpoints.set(endpoint, sum)
    }
  }
  const rejected = new Set([...analysis.icmp.all.values()].map(({ destination }) => destination))
  return [...services].flatMap(([service, endpoints]) => {
    if (![...endpoints.values()].some(({ answered }) => answered > 0)) return []
    return [...endpoints].flatMap(([endpoint, { answered, unanswered, unansweredFrames }]): Pattern[] => {
      if (answered > 0 || unanswered < 2 || rejected.has(endpoint)) return []
      return [
        {
          code: 'endpoint-unresponsive',
          kind: 'fault',
          count: unanswered,
          subject: `${address(endpoint)} behind ${address(service)}`,
          evidence: [
            {
              text: `${countOf(unanswered, 'query', 'queries')} to ${address(service)} went to this endpoint, none was answered; other endpoints answer`,
              frames: firstFrames(unansweredFrames),
            },
          ],
        },
      ]
    })
  })
}

/** A client's server never answers it; who is a server itself has an upstream that never answers (at least two queries). */
export const silentServers: Finder = ({ pairs, answering, address, isServer, analysis }) => {
  const rejected = new Set(
    [...analysis.icmp.all.values()].flatMap(({ source, destination }) => [`${source} ${destination}`]),
  )
  return pairs.flatMap((pair): Pattern[] => {
    if (!isSilent(pair) || rejected.has(`${pair.client} ${pair.server}`)) return []
    // Some endpoint behind it may be the one that is silent: that is another pattern.
    const lost = unanswered(pair)
    const [first] = lost
    if (first === undefined || lost.some(({ transaction }) => transaction.strangeSource !== 0)) return []
    // Not each query that is rejected gets an error: kernels send few of them.
    if (pair.incidents.some(({ transaction }) => transaction.isRejected)) return []
    const sends = pair.udpUnanswered + pair.tcpUnanswered + pair.resent
    const isForwarder = isServer(pair.client)
    if (isForwarder && sends < 2) return []
    const other = lost
      .flatMap(({ followUps }) => followUps)
      .find(({ server, isAnswered }) => server !== pair.server && isAnswered)
    // A server that answers other clients is not silent: what is lost is lost on the way.
    if (!isForwarder && other === undefined && (sends < 2 || answering.has(pair.server))) return []
    const evidence = [
      {
        text: `${countOf(sends, 'query', 'queries')}, no response`,
        frames: firstFrames(
          lost.flatMap(({ transaction }) => [
            transaction.queryFrame,
            transaction.sends > 1 ? transaction.lastQueryFrame : 0,
          ]),
        ),
      },
    ]
    if (other !== undefined) {
      evidence.push({
        text: `${address(other.server)} answered the same question`,
        frames: firstFrames([other.queryFrame, other.responseFrame]),
      })
    }
    return [
      {
        code: isForwarder ? 'upstream-unresponsive' : 'nameserver-unresponsive',
        kind: 'fault',
        count: sends,
        subject: `${address(pair.server)} asked by ${address(pair.client)}`,
        evidence,
      },
    ]
  })
}

/**
 * A and AAAA from one socket within 10 ms, both before any answer: a flow that was answered is confirmed, and nobody races for it.
 * One is answered, the other only after it was sent again 0.9 s or more later, and no leg of the lost one was seen behind NAT. They
 * are most of what was lost. One such pair alone is an observation: any lost packet looks the same.
 */
export const conntrackRace: Finder = ({ pairs, address, name, type }) =>
  pairs.flatMap((pair): Pattern[] => {
    const races = pair.incidents.filter(isRace)
    const losses = pair.incidents.filter(
      ({ transaction }) => transaction.state === 'unanswered' || transaction.sends > 1,
    )
    const [first] = races
    if (first === undefined || races.length * 5 < losses.length * 3) return []
    const { transaction } = first
    return [
      {
        code: 'conntrack-race',
        kind: races.length > 1 ? 'fault' : 'observation',
        count: races.length,
        subject: `${address(pair.client)} -> ${address(pair.server)}`,
        evidence: [
          {
            text: `A and AAAA of ${name(transaction.name)} left one socket before either was answered, ${type(transaction.type)} got lost`,
            frames: firstFrames([
              transaction.sibling?.queryFrame ?? 0,
              transaction.queryFrame,
              transaction.sibling?.responseFrame ?? 0,
            ]).toSorted((a, b) => a - b),
          },
          {
            text: `sent again after ${((transaction.lastSendAtMicros - transaction.firstAtMicros) / 1e6).toFixed(3)} s it was answered`,
            frames: firstFrames([transaction.lastQueryFrame, transaction.responseFrame]),
          },
        ],
      },
    ]
  })

function isRace({ transaction }: Incident): boolean {
  const { sibling, sends, state, transport, sendsBeforeResponse, lastSendAtMicros, firstAtMicros, type } = transaction
  if (transport !== 'udp' || state !== 'answered' || sends < 2 || sendsBeforeResponse < 2 || sibling === undefined)
    return false
  if (!sibling.isAnswered || sibling.sendsBeforeResponse > 1 || !isAddressPair(type, sibling.type)) return false
  if (Math.max(transaction.queryFrame, sibling.queryFrame) > sibling.responseFrame) return false
  return lastSendAtMicros - firstAtMicros >= RACE_RESEND_MS * 1000 && transaction.endpoint === 0
}

function isAddressPair(one: number, other: number): boolean {
  return (one === TYPE_A && other === TYPE_AAAA) || (one === TYPE_AAAA && other === TYPE_A)
}

/** At least two AAAA queries (resends count) without response, none of the same names answered, A of the same names answered. */
export const aaaaUnanswered: Finder = ({ pairs, address, name }) =>
  pairs.flatMap((pair): Pattern[] => {
    const lost = unanswered(pair)
    const aaaa = lost.filter(
      ({ transaction }) => transaction.type === TYPE_AAAA && transaction.sibling?.isAnswered !== false,
    )
    const sends = aaaa.reduce((sum, { transaction }) => sum + transaction.sends, 0)
    const [first] = aaaa
    const isAllAaaa = lost.every(({ transaction }) => transaction.type === TYPE_AAAA)
    if (first === undefined || sends < 2 || !isAllAaaa || pair.aAnswered === 0 || pair.aaaaAnswered > aaaa.length)
      return []
    return [
      {
        code: 'aaaa-query-unanswered',
        kind: 'fault',
        count: sends,
        subject: `${address(pair.server)} asked by ${address(pair.client)}`,
        evidence: [
          {
            text: `${countOf(sends, 'AAAA query', 'AAAA queries')} without response, such as for ${name(first.transaction.name)}`,
            frames: firstFrames(
              aaaa.flatMap(({ transaction }) => [transaction.queryFrame, transaction.lastQueryFrame]),
            ),
          },
          {
            text: 'A of the same name was answered',
            frames: firstFrames(aaaa.map(({ transaction }) => transaction.sibling?.responseFrame ?? 0)),
          },
        ],
      },
    ]
  })

/** At least three masqueraded queries; then at least five unanswered ones in a row that no longer get a masqueraded leg. */
export const sourcePortsExhausted: Finder = ({ pairs, address }) =>
  pairs.flatMap((pair): Pattern[] => {
    const lost = unanswered(pair).filter(({ transaction }) => transaction.masqueradedClient === 0)
    const first = lost.at(0)
    if (pair.masqueradeLegs < 3 || lost.length < 5 || first === undefined) return []
    return [
      {
        code: 'source-ports-exhausted',
        kind: 'fault',
        count: lost.length,
        subject: `${address(pair.client)} -> ${address(pair.server)}`,
        evidence: [
          {
            text: `after ${pair.masqueradeLegs} masqueraded queries, ${lost.length} were not passed on and not answered`,
            frames: firstFrames(lost.map(({ transaction }) => transaction.queryFrame)),
          },
        ],
      },
    ]
  })

/** Unanswered exactly where responses are large: a name over 1200 octets elsewhere, more than any UDP response that arrived. */
export const largeResponseLost: Finder = ({ pairs, analysis, address, name }) =>
  pairs.flatMap((pair): Pattern[] => {
    const large = unanswered(pair).flatMap((incident) => {
      const { transaction, followUps } = incident
      const known = Math.max(
        analysis.traffic.nameFigures.largestResponse(transaction.name),
        ...followUps.map(({ responseBytes }) => responseBytes),
      )
      const isShortened = followUps.some(({ isTruncated }) => isTruncated)
      return transaction.transport === 'udp' && ((known >= LARGE_BYTES && known > pair.largestUdp) || isShortened)
        ? [{ incident, known }]
        : []
    })
    const [first] = large
    if (first === undefined || pair.udpAnswered === 0 || large.length * 2 < unanswered(pair).length) return []
    const { transaction, followUps } = first.incident
    return [
      {
        code: 'large-response-lost',
        kind: 'fault',
        count: large.length,
        subject: `${address(pair.server)} -> ${address(pair.client)}`,
        evidence: [
          {
            text: `no response over UDP for ${name(transaction.name)}; smaller ones arrive, up to ${pair.largestUdp} octets`,
            frames: firstFrames(large.map(({ incident }) => incident.transaction.queryFrame)),
          },
          {
            text:
              first.known >= LARGE_BYTES
                ? `elsewhere its response has ${first.known} octets`
                : 'asked for less, the server says that it is truncated',
            frames: firstFrames(followUps.map(({ responseFrame }) => responseFrame)),
          },
        ],
      },
    ]
  })

/** At least three lost queries or responses, of two or more questions, of a server that otherwise answers; nothing else explains them. */
export const packetLoss: Finder = (findings) => {
  const { pairs, address } = findings
  const explained = new Set(
    [conntrackRace, aaaaUnanswered, largeResponseLost, endpointUnresponsive, sourcePortsExhausted].flatMap((finder) =>
      finder(findings).map(({ subject }) => subject),
    ),
  )
  return pairs.flatMap((pair): Pattern[] => {
    const subject = `${address(pair.client)} -> ${address(pair.server)}`
    if (
      pair.udpAnswered === 0 ||
      explained.has(subject) ||
      explained.has(`${address(pair.server)} asked by ${address(pair.client)}`)
    )
      return []
    if (explained.has(`${address(pair.server)} -> ${address(pair.client)}`)) return []
    if (
      [...pair.endpoints.keys()].some((endpoint) =>
        explained.has(`${address(endpoint)} behind ${address(pair.server)}`),
      )
    )
      return []
    const lost = pair.incidents.filter(isLoss)
    const questions = new Set(
      lost.map(({ transaction }) => `${transaction.name} ${transaction.type} ${transaction.id}`),
    )
    const count = lost.reduce(
      (sum, { transaction: { state, sends } }) => sum + (state === 'unanswered' ? sends : sends - 1),
      0,
    )
    if (count < 3 || questions.size < 2) return []
    const all = pair.udpAnswered + pair.udpUnanswered + pair.resent
    return [
      {
        code: 'packet-loss',
        kind: 'fault',
        count,
        subject,
        evidence: [
          {
            text: `${count} of ${all} queries (${((100 * count) / all).toFixed(1)} %) got no response, over ${countOf(questions.size, 'question')}`,
            frames: firstFrames(lost.map(({ transaction }) => transaction.queryFrame)),
          },
        ],
      },
    ]
  })
}

/** What was lost: unanswered, or answered only when it was sent again. */
function isLoss({ transaction }: Incident): boolean {
  if (transaction.transport !== 'udp' || transaction.strangeSource !== 0 || transaction.isRejected) return false
  if (transaction.state === 'unanswered') return true
  return transaction.sends > 1 && transaction.responses < transaction.sends && transaction.sendsBeforeResponse > 1
}

/**
 * At least one response a second or more after the first query, when the client had asked again or elsewhere. Of one that was sent
 * again from the same socket each query was answered, or the response is a second behind the last one too: else the first was lost.
 */
export const responseLate: Finder = ({ pairs, address }) =>
  pairs.flatMap((pair): Pattern[] => {
    const late = pair.incidents.flatMap((incident) => {
      const againFrame = askedAgainFrame(incident)
      return againFrame === undefined ? [] : [{ ...incident.transaction, againFrame }]
    })
    const [first] = late
    if (first === undefined) return []
    return [
      {
        code: 'response-late',
        kind: 'fault',
        count: late.length,
        subject: `${address(pair.server)} -> ${address(pair.client)}`,
        evidence: [
          {
            text: `a response ${latencyMs(first).toFixed(0)} ms after the first query, when the client had asked again`,
            frames: firstFrames([first.queryFrame, first.againFrame, first.responseFrame]),
          },
        ],
      },
    ]
  })

/** The frame in which a client asked again before a late response came; undefined when it did not, or the response is not late. */
function askedAgainFrame({ transaction, followUps }: Incident): number | undefined {
  const { state, sends, sendsBeforeResponse, responses, firstAtMicros, lastSendAtMicros, answeredAtMicros } =
    transaction
  if (state !== 'answered' || answeredAtMicros - firstAtMicros < LATE_MICROS) return undefined
  if (sendsBeforeResponse > 1) {
    const isLate = responses >= sends || answeredAtMicros - lastSendAtMicros >= LATE_MICROS
    return isLate ? transaction.lastQueryFrame : undefined
  }
  // A busy client asks the same question all the time: only after a while does that mean that it has given up waiting.
  return followUps.find(
    (followUp) =>
      followUp.firstAtMicros < answeredAtMicros && followUp.firstAtMicros - firstAtMicros >= GIVEN_UP_MICROS,
  )?.queryFrame
}
