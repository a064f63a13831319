// The one place that turns an outcome into octets: id, question and EDNS of the client, size limit, compression.
import {
  EDNS_OPTION,
  encodeImage,
  encodeResponse,
  equalNames,
  imageSize,
  opcodeNumber,
  rcodeNumber,
} from '../dns/index.ts'
import type { DomainName, Edns, EdnsOption, Message, Rcode, ResourceRecord, WireImage } from '../dns/index.ts'
import { explainOutcome } from './explain.ts'
import type { Features } from './plugin.ts'
import type { Outcome, Request } from './handler.ts'

/** The largest payload of a UDP datagram over IPv4: what a client claims beyond it cannot be sent. */
const MAX_DATAGRAM_PAYLOAD = 65_507

/** Renders an outcome as the client that sent `request` gets it; undefined for a drop. */
export function renderOutcome(request: Request, outcome: Outcome): Uint8Array | undefined {
  if (outcome.kind === 'drop') return undefined
  const limit = outcome.kind === 'answer' ? (outcome.maxSizeBytes ?? request.maxSizeBytes) : request.maxSizeBytes
  const maxSizeBytes = request.transport === 'udp' ? Math.min(limit, MAX_DATAGRAM_PAYLOAD) : request.maxSizeBytes
  if (outcome.kind === 'answer' && outcome.image?.message === outcome.message) {
    const octets = relay(request, outcome.image, maxSizeBytes)
    if (octets !== undefined) return octets
  }
  const message = outcome.kind === 'answer' ? asSent(request, outcome.message) : emptyResponse(request, outcome.rcode)
  return encodeResponse(message, { maxSizeBytes })
}

/** Passes octets on as they came, behind the client's header; undefined where they would say anything but `asSent`. */
function relay({ message: query }: Request, { message, octets }: WireImage, limit: number): Uint8Array | undefined {
  const [asked] = query.question
  const [question] = message.question
  if (asked === undefined || question === undefined || question.name !== asked.name) return undefined
  if (question.type !== asked.type || question.class !== asked.class || query.opcode !== message.opcode)
    return undefined
  if (inAskedCase(message.answer, asked.name) !== message.answer) return undefined
  const opcode = opcodeNumber(message.opcode)
  const rcode = rcodeNumber(message.rcode)
  if (opcode === undefined || rcode === undefined || rcode > 15) return undefined
  const edns = responseEdns(query, message.edns?.options)
  if (imageSize(octets, edns) > limit) return undefined
  const { aa, tc, rd, ra, ad, cd } = message.flags
  return encodeImage(octets, {
    id: query.id,
    flags: { qr: true, aa, tc, rd, ra, z: false, ad, cd },
    opcode,
    rcode,
    edns,
  })
}

/** Remembers the last rendering: `log` and `prometheus` ask for the size of what the server then sends. */
export function createRenderer({
  explainErrors,
}: Pick<Features, 'explainErrors'>): (request: Request, outcome: Outcome) => Uint8Array | undefined {
  let lastMessage: Message | undefined
  let lastOutcome: Outcome | undefined
  let last: Uint8Array | undefined
  return (request, outcome) => {
    if (request.message === lastMessage && outcome === lastOutcome) return last
    last = renderOutcome(request, explainErrors ? explainOutcome(request, outcome) : outcome)
    lastMessage = request.message
    lastOutcome = outcome
    return last
  }
}

/** The largest response that a client takes (RFC 6891 §6.2.3: sizes under 512 mean 512). */
export function maxResponseSize(message: Message, transport: Request['transport']): number {
  if (transport !== 'udp') return 65_535
  return message.edns === undefined ? 512 : Math.min(Math.max(512, message.edns.udpPayloadSize), MAX_DATAGRAM_PAYLOAD)
}

function asSent(request: Request, message: Message): Message {
  const query = request.message
  return {
    ...message,
    id: query.id,
    opcode: query.opcode,
    flags: { ...message.flags, qr: true, z: false },
    rcode: rcodeFor(query, message.rcode),
    question: query.question,
    answer: inAskedCase(message.answer, query.question[0]?.name),
    edns: responseEdns(query, message.edns?.options),
  }
}

/**
 * Answers of the name that was asked for, in the case it was asked in: a cache keeps that of the first asker. Clients that
 * mix cases to make forgery harder compare it.
 */
function inAskedCase(records: readonly ResourceRecord[], asked: DomainName = ''): readonly ResourceRecord[] {
  if (records.every(({ name }) => name === asked || !equalNames(name, asked))) return records
  return records.map((record) => (equalNames(record.name, asked) ? { ...record, name: asked } : record))
}

function emptyResponse({ message: query }: Request, rcode: Rcode): Message {
  const { rd, cd } = query.flags
  return {
    id: query.id,
    opcode: query.opcode,
    flags: { qr: true, aa: false, tc: false, rd, ra: false, z: false, ad: false, cd },
    rcode: rcodeFor(query, rcode),
    question: query.question,
    answer: [],
    authority: [],
    additional: [],
    edns: responseEdns(query),
  }
}

/** Extended rcodes need an OPT record; who sent none gets SERVFAIL. */
function rcodeFor(query: Message, rcode: Rcode): Rcode {
  return query.edns === undefined && (rcodeNumber(rcode) ?? 0) > 15 ? 'SERVFAIL' : rcode
}

/**
 * An OPT record only for who sent one (RFC 6891 §7), with the client's size and DO.
 *
 * Options are those that the plugin put there, else the client's cookie as it came; all others are dropped.
 */
function responseEdns({ edns }: Message, options?: readonly EdnsOption[]): Edns | undefined {
  if (edns === undefined) return undefined
  return {
    udpPayloadSize: Math.max(512, edns.udpPayloadSize),
    version: 0,
    dnssecOk: edns.dnssecOk,
    z: 0,
    options: options ?? edns.options.filter(({ code }) => code === EDNS_OPTION.cookie),
  }
}
