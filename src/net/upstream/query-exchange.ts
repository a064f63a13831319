// One query on its way: encoded under a fresh id, waiting for the message that answers it.
import { randomId } from '../../base/index.ts'
import {
  decodeHeader,
  decodeResponse,
  decodeQuestion,
  encodeMessage,
  equalNames,
  type Message,
  type Question,
  type WireImage,
} from '../../dns/index.ts'

/** What a message from the upstream is to a query that waits. */
export type Verdict =
  | { readonly kind: 'malformed'; readonly error: unknown }
  | { readonly kind: 'match'; readonly message: Message; readonly image: WireImage | undefined }
  | { readonly kind: 'other-question' }
  | { readonly kind: 'stray' }

/** Encodes a query under an id that is not in use on its connection. @throws {WireError} when it cannot be encoded */
export function encodeQuery(query: Message, isUsed: (id: number) => boolean): { id: number; octets: Uint8Array } {
  let id = randomId()
  // 65,536 ids against a bounded number in flight: this ends.
  while (isUsed(id)) id = randomId()
  // A name alone has nothing to point to: taking it down for later ones would be half of the work.
  const compress = query.answer.length + query.authority.length + query.additional.length > 0
  const octets = encodeMessage(query, { compress })
  octets[0] = id >>> 8
  octets[1] = id & 0xff
  return { id, octets }
}

/** The id of a message; undefined when it is too short to be a response. */
export function idOf(octets: Uint8Array): number | undefined {
  return octets.length < 12 ? undefined : ((octets[0] ?? 0) << 8) | (octets[1] ?? 0)
}

/**
 * Judges a message that came with the query's id (RFC 5452 §9.1).
 *
 * The question must be the query's, in any case of letters. A response without a question passes when it is an error: that
 * is how servers answer what they could not read (RFC 1035 §4.1.1 leaves it open); it then gets the query's question.
 *
 * @param sent the query as it was sent: most responses repeat its question octet by octet
 */
export function judgeResponse(octets: Uint8Array, query: Message, sent?: Uint8Array): Verdict {
  const known =
    sent === undefined || query.question.length !== 1 ? undefined : { question: query.question, octets: sent }
  let message: Message
  let image: WireImage | undefined
  try {
    ;({ message, image } = decodeResponse(octets, known))
  } catch (error) {
    return { kind: 'malformed', error }
  }
  if (!message.flags.qr || message.opcode !== query.opcode) return { kind: 'stray' }
  if (message.question === query.question) return { kind: 'match', message, image }
  const [question, ...more] = message.question
  if (question === undefined && message.rcode !== 'NOERROR') {
    return { kind: 'match', message: { ...message, question: query.question }, image: undefined }
  }
  const asked = query.question[0]
  if (question === undefined || asked === undefined || more.length > 0 || !isSame(question, asked)) {
    return { kind: 'other-question' }
  }
  return { kind: 'match', message, image }
}

/**
 * Judges the beginning of a datagram that was longer than the buffer: an empty response with TC set, so that the client asks
 * over TCP.
 */
export function judgeCut(octets: Uint8Array, query: Message): Verdict {
  try {
    const { flags, opcode, rcode, questionCount } = decodeHeader(octets)
    if (!flags.qr || opcode !== query.opcode) return { kind: 'stray' }
    const { question } = decodeQuestion(octets)
    const asked = query.question[0]
    if (questionCount !== 1 || asked === undefined || !isSame(question, asked)) return { kind: 'other-question' }
    const empty = { question: query.question, answer: [], authority: [], additional: [] }
    const message: Message = { ...query, ...empty, flags: { ...flags, tc: true }, rcode, edns: undefined }
    return { kind: 'match', message, image: undefined }
  } catch (error) {
    return { kind: 'malformed', error }
  }
}

function isSame(one: Question, other: Question): boolean {
  return one.type === other.type && one.class === other.class && equalNames(one.name, other.name)
}
