// Patterns of ICMP errors, TCP connections, tunnels and fragments.
import type { SeenAt, TcpConnection } from '../../capture/index.ts'
import { isTunnelPort } from '../capture-analysis.ts'
import type { IcmpError } from '../icmp-errors.ts'
import { countOf, firstFrames } from './pattern.ts'
import type { Finder, Findings, Pattern } from './pattern.ts'

const HANDSHAKE_MICROS = 1e6
const LARGE_SEGMENT = 1000
const SECOND_MICROS = 1e6

// --- ICMP ---

/** One or more errors that say "administratively prohibited", about DNS packets or tunnels. */
export const firewallRejected: Finder = ({ analysis, address }) =>
  [...analysis.icmp.all.values()]
    .filter(({ meaning }) => meaning === 'admin-prohibited')
    .map((error) =>
      icmpPattern('firewall-rejected', error, {
        subject: address(error.sender),
        text: `${address(error.sender)} rejects packets to ${address(error.destination)}`,
      }),
    )

/** One or more "port unreachable" about queries: from the path before any endpoint, or from the server itself. */
export const portUnreachable: Finder = ({ analysis, pairs, address, isServiceIp }) => {
  const reached = new Set(
    pairs.flatMap(({ server, endpointLegs, endpoints }) => [
      ...(endpointLegs > 0 ? [server] : []),
      ...endpoints.keys(),
    ]),
  )
  return [...analysis.icmp.all.values()]
    .filter(({ meaning, destinationPort }) => meaning === 'port-unreachable' && analysis.isDnsPort(destinationPort))
    .map((error) => {
      const isFromServer = error.sender === error.destination && isServiceIp(error.destination) !== true
      const isListening = reached.has(error.destination) || isFromServer
      const who = address(error.destination)
      return isListening
        ? icmpPattern('server-not-listening', error, {
            subject: who,
            text: `${error.sender === error.destination ? 'it' : address(error.sender)} says that nobody listens on ${error.sender === error.destination ? '' : `${who} `}port ${error.destinationPort}`,
          })
        : icmpPattern('service-rejected', error, {
            subject: who,
            text: `${address(error.sender)} rejects queries to ${who} before they reach any endpoint`,
          })
    })
}

/** One or more "port unreachable" for a tunnel's UDP port: the two nodes use different ports or kinds. */
export const tunnelPortMismatch: Finder = ({ analysis, address }) =>
  [...analysis.icmp.all.values()]
    .filter(({ meaning, destinationPort }) => meaning === 'port-unreachable' && isTunnelPort(destinationPort))
    .map((error) =>
      icmpPattern('tunnel-port-mismatch', error, {
        subject: `${address(error.source)} -> ${address(error.destination)}`,
        text: `${address(error.sender)} has no tunnel on UDP port ${error.destinationPort}`,
      }),
    )

/** One or more "fragmentation needed" or "packet too big" about packets from or to a DNS port. */
export const fragmentationNeeded: Finder = ({ analysis, address }) =>
  [...analysis.icmp.all.values()]
    .filter(
      ({ meaning, sourcePort, destinationPort }) =>
        meaning === 'fragmentation-needed' && (analysis.isDnsPort(sourcePort) || analysis.isDnsPort(destinationPort)),
    )
    .map((error) =>
      icmpPattern('fragmentation-needed', error, {
        subject: `${address(error.source)} -> ${address(error.destination)}`,
        text: `${address(error.sender)} lets packets of at most ${error.mtu} octets pass`,
      }),
    )

function icmpPattern(
  code: Pattern['code'],
  error: IcmpError,
  { subject, text }: { subject: string; text: string },
): Pattern {
  return { code, kind: 'fault', count: error.count, subject, evidence: [{ text, frames: firstFrames(error.frames) }] }
}

// --- TCP ---

function isUnanswered({ analysis }: Findings, { synAck, serverReset, syns, first }: TcpConnection): boolean {
  return (
    syns > 0 &&
    synAck === undefined &&
    serverReset === undefined &&
    (syns > 1 || analysis.lastAtMicros - first.atMicros > HANDSHAKE_MICROS)
  )
}

function dnsOverUdp({ analysis }: Findings, { client, server }: TcpConnection): number {
  return analysis.traffic.pairTable.find(client, server)?.udpAnswered ?? 0
}

/** Connections to a DNS port whose SYN, sent twice or a second old, has no answer, while the same server answers over UDP. */
export const tcpBlocked: Finder = (findings) =>
  grouped(
    findings,
    'tcp-53-blocked',
    (connection) => connection.isDns && isUnanswered(findings, connection) && dnsOverUdp(findings, connection) > 0,
    {
      text: 'SYN without SYN-ACK, while UDP is answered',
      frames: ({ first, lastSyn }) => [first, lastSyn],
    },
  ).map((pattern) => withTruncation(findings, pattern))

/** Connections to a DNS port that are answered by RST, while the same server answers over UDP. */
export const tcpRefused: Finder = (findings) =>
  grouped(
    findings,
    'tcp-53-refused',
    (connection) => isRefused(connection) && connection.isDns && dnsOverUdp(findings, connection) > 0,
    { text: 'SYN answered by RST, while UDP is answered', frames: ({ first, serverReset }) => [first, serverReset] },
  ).map((pattern) => withTruncation(findings, pattern))

/** Connections to a DNS port that are answered by RST, and nothing over UDP. */
export const tcpNotListening: Finder = (findings) =>
  grouped(
    findings,
    'server-not-listening',
    (connection) => isRefused(connection) && connection.isDns && dnsOverUdp(findings, connection) === 0,
    { text: 'SYN answered by RST', frames: ({ first, serverReset }) => [first, serverReset] },
  )

/** Connections to other ports answered by RST: an observation. */
export const portClosed: Finder = (findings) =>
  grouped(findings, 'port-closed', (connection) => isRefused(connection) && !connection.isDns, {
    text: 'SYN answered by RST',
    frames: ({ first, serverReset }) => [first, serverReset],
  })

/** Connections to other ports whose SYN was sent at least twice without SYN-ACK. */
export const handshakeTimeout: Finder = (findings) =>
  grouped(
    findings,
    'tcp-handshake-timeout',
    (connection) => !connection.isDns && connection.syns > 1 && isUnanswered(findings, connection),
    {
      text: 'SYN sent again, no SYN-ACK',
      frames: ({ first, lastSyn }) => [first, lastSyn],
    },
  )

/** Connections with a query and an end, and no response at all. */
export const closedWithoutResponse: Finder = (findings) =>
  grouped(
    findings,
    'tcp-closed-without-response',
    ({ isDns, queries, responses, serverFin, serverReset, clientFin, clientReset, toClient }) =>
      isDns &&
      queries > 0 &&
      responses === 0 &&
      !toClient.isBrokenByCapture &&
      (serverFin ?? serverReset ?? clientFin ?? clientReset) !== undefined,
    {
      text: 'query, then the end of the connection and no response',
      frames: ({ firstQuery, serverFin, serverReset, clientFin }) => [
        firstQuery,
        serverFin ?? serverReset ?? clientFin,
      ],
    },
  )

/** DNS connections with data segments that were sent again, whose messages still arrived. */
export const retransmissions: Finder = (findings) =>
  grouped(
    findings,
    'tcp-retransmissions',
    (connection) =>
      connection.isDns &&
      connection.toServer.retransmissions + connection.toClient.retransmissions > 0 &&
      !isBlackHole(connection),
    {
      text: 'data segments were sent again',
      frames: ({ toServer, toClient }) => [toServer.firstRetransmission, toClient.firstRetransmission],
    },
  )

/** A data segment of at least 1000 octets sent again at least twice, never acknowledged, and no ICMP error that says why. */
export const mtuBlackHole: Finder = (findings) => {
  if (fragmentationNeeded(findings).length > 0) return []
  return grouped(findings, 'mtu-black-hole', isBlackHole, {
    text: 'a full-size segment was sent again and again, never acknowledged',
    frames: ({ toClient, toServer }) => [toClient.firstRetransmission, toServer.firstRetransmission],
  })
}

function isBlackHole({ isDns, toServer, toClient }: TcpConnection): boolean {
  return (
    isDns &&
    [toServer, toClient].some(
      (stream) => stream.resentBytes >= LARGE_SEGMENT && stream.resentTimes >= 2 && stream.isResentUnacknowledged,
    )
  )
}

function isRefused({ syns, synAck, serverReset }: TcpConnection): boolean {
  return syns > 0 && synAck === undefined && serverReset !== undefined
}

interface ConnectionEvidence {
  readonly text: string
  readonly frames: (connection: TcpConnection) => readonly (SeenAt | undefined)[]
}

/** One pattern for each server and port. */
function grouped(
  { analysis, address }: Findings,
  code: Pattern['code'],
  isWanted: (connection: TcpConnection) => boolean,
  { text, frames }: ConnectionEvidence,
): Pattern[] {
  const groups = new Map<string, TcpConnection[]>()
  for (const connection of analysis.connections) {
    if (!isWanted(connection)) continue
    const key = `${connection.server} ${connection.serverPort}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [connection])
    else group.push(connection)
  }
  return [...groups.values()].flatMap((group): Pattern[] => {
    const [first] = group
    if (first === undefined) return []
    const seen = group.flatMap((connection) => frames(connection)).map((at) => at?.frame ?? 0)
    return [
      {
        code,
        kind: code === 'port-closed' ? 'observation' : 'fault',
        count: group.length,
        subject: `${address(first.server)} port ${first.serverPort}`,
        evidence: [{ text: `${countOf(group.length, 'connection')}: ${text}`, frames: firstFrames(seen) }],
      },
    ]
  })
}

/** Adds the truncated response that made a client try TCP. */
function withTruncation({ pairs, address }: Findings, pattern: Pattern): Pattern {
  const truncated = pairs
    .filter(({ server }) => pattern.subject.startsWith(`${address(server)} `))
    .flatMap(({ incidents }) => incidents)
    .filter(({ transaction }) => transaction.isTruncated)
  if (truncated.length === 0) return pattern
  const frames = firstFrames(truncated.map(({ transaction }) => transaction.responseFrame))
  return {
    ...pattern,
    evidence: [...pattern.evidence, { text: `${countOf(truncated.length, 'truncated response')} before`, frames }],
  }
}

/** Truncated responses whose question was then answered over TCP: an observation. */
export const truncationFallback: Finder = ({ pairs, address }) =>
  pairs.flatMap((pair): Pattern[] => {
    const found = pair.incidents.filter(
      ({ transaction, followUps }) =>
        transaction.isTruncated && followUps.some(({ transport, isAnswered }) => transport === 'tcp' && isAnswered),
    )
    const [first] = found
    if (first === undefined) return []
    return [
      {
        code: 'truncation-fallback',
        kind: 'observation',
        count: found.length,
        subject: `${address(pair.client)} -> ${address(pair.server)}`,
        evidence: [
          {
            text: 'truncated over UDP, then answered over TCP',
            frames: firstFrames([
              first.transaction.responseFrame,
              ...first.followUps.flatMap(({ queryFrame, responseFrame }) => [queryFrame, responseFrame]),
            ]),
          },
        ],
      },
    ]
  })

// --- Tunnels and fragments ---

/** At least three encapsulated packets over a second or more from one endpoint to another, none back, no ICMP error. */
export const tunnelBlocked: Finder = ({ analysis, address }) => {
  const tunnels = [...analysis.decoder.tunnels.values()]
  const rejected = new Set([...analysis.icmp.all.values()].map(({ source, destination }) => `${source} ${destination}`))
  return tunnels.flatMap((tunnel): Pattern[] => {
    const isAnswered = tunnels.some(
      ({ source, destination }) => source === tunnel.destination && destination === tunnel.source,
    )
    const isLong = analysis.lastAtMicros - tunnel.firstAtMicros >= SECOND_MICROS
    if (tunnel.packets < 3 || isAnswered || !isLong || rejected.has(`${tunnel.source} ${tunnel.destination}`)) return []
    return [
      {
        code: 'tunnel-blocked',
        kind: 'fault',
        count: tunnel.packets,
        subject: `${address(tunnel.source)} -> ${address(tunnel.destination)}`,
        evidence: [
          {
            text: `${tunnel.packets} packets in ${tunnel.kind}${tunnel.port === 0 ? '' : ` to UDP port ${tunnel.port}`} leave, none comes back`,
            frames: firstFrames([...tunnel.firstFrames, tunnel.lastFrame]),
          },
        ],
      },
    ]
  })
}

/** First fragments of responses or queries without the rest, a second or more before the capture's end. */
export const fragmentsLost: Finder = ({ analysis, address }) => {
  const lost = analysis.lostFragments.filter(
    ({ hasFirst, isAtEnd, isCut, sourcePort, destinationPort }) =>
      hasFirst && !isAtEnd && !isCut && (analysis.isDnsPort(sourcePort) || analysis.isDnsPort(destinationPort)),
  )
  const [first] = lost
  if (first === undefined) return []
  return [
    {
      code: 'fragments-lost',
      kind: 'fault',
      count: lost.length,
      subject: `${address(first.source)} -> ${address(first.destination)}`,
      evidence: [
        {
          text: `${countOf(lost.length, 'first fragment')} without the rest`,
          frames: firstFrames(lost.map(({ frame }) => frame)),
        },
      ],
    },
  ]
}
