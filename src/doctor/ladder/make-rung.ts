// Makes rungs of questions: their ids, how long they wait, the command that a person would type.
import type { Endpoint, Transport } from '../../net/exchange-result.ts'
import { formatEquivalent } from './equivalent.ts'
import type { HttpEndpoint, HttpPurpose } from './http-endpoints.ts'
import type { Origin, PlannedRung } from './plan-options.ts'
import type { PlannedQuestion } from './questions.ts'
import { formatPlace } from './rung.ts'
import type { Hop } from './rung.ts'

const TRANSPORTS = ['udp', 'tcp'] as const

/** The same questions over UDP and over TCP. */
export function dnsRungs(hop: Hop, origin: Origin, to: Endpoint, questions: readonly PlannedQuestion[]): PlannedRung[] {
  return TRANSPORTS.flatMap((transport) => questions.map((question) => dnsRung(hop, origin, to, transport, question)))
}

/** One question over one transport. */
export function dnsRung(
  hop: Hop,
  origin: Origin,
  to: Endpoint,
  transport: Transport,
  { purpose, name, type, expected, udpPayloadSize, variant }: PlannedQuestion,
): PlannedRung {
  const size = udpPayloadSize === undefined ? {} : { udpPayloadSize }
  const question = { kind: 'dns' as const, name, type, ...size }
  const family = hop.kind === 'dns-service' && to.address.includes(':') ? `/${to.address}` : ''
  return {
    id: `${hop.kind}/${hop.name}${family}/from/${formatPlace(origin.place)}/${transport}/${purpose}/${type}${variant === undefined ? '' : `/${variant}`}`,
    hop,
    from: origin.place,
    ...(origin.node === undefined ? {} : { fromNode: origin.node }),
    to,
    transport,
    purpose,
    question,
    expected,
    timeoutsMs: timeoutsOf(hop, transport, purpose),
    equivalent: formatEquivalent(question, to, transport),
    ...(origin.skip === undefined ? {} : { skip: origin.skip }),
  }
}

/** One HTTP request. */
export function httpRung(
  hop: Hop,
  origin: Origin,
  purpose: HttpPurpose | 'setup',
  endpoint: HttpEndpoint,
): PlannedRung {
  const found = endpoint.kind === 'endpoint'
  const to = found ? { address: endpoint.address, port: endpoint.port } : { address: '', port: 0 }
  const question = { kind: 'http' as const, path: found ? endpoint.path : `/${purpose}` }
  return {
    id: `${hop.kind}/${hop.name}/from/${formatPlace(origin.place)}/http/${purpose}`,
    hop,
    from: origin.place,
    ...(origin.node === undefined ? {} : { fromNode: origin.node }),
    to,
    transport: 'http',
    purpose,
    question,
    expected: { kind: 'status', status: 200 },
    timeoutsMs: [3000],
    equivalent: found ? formatEquivalent(question, to, 'http') : '',
    ...(found ? (origin.skip === undefined ? {} : { skip: origin.skip }) : { skip: { why: endpoint.why } }),
  }
}

/**
 * How long each attempt waits. A server that has to ask a dead upstream first answers after 2 s (CoreDNS's read timeout),
 * so the attempts that go through one wait longer than that.
 */
function timeoutsOf(hop: Hop, transport: Transport, purpose: PlannedQuestion['purpose']): number[] {
  const isForwarded = hop.kind !== 'upstream' && FORWARDED.has(purpose)
  if (isForwarded) return transport === 'udp' ? [2600, 2400] : [5000]
  return transport === 'udp' ? [1000, 1500] : [2500]
}

/** Purposes whose questions a server may have to pass on. */
const FORWARDED: ReadonlySet<PlannedQuestion['purpose']> = new Set(['again', 'asked', 'external', 'families', 'stub'])
