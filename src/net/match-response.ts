// Whether a message that came is the response that is waited for (RFC 5452 §9.1): a pure decision, made once for
// every transport.
import { WireError, decodeHeader, decodeMessage, equalNames } from '../dns/index.ts'
import type { Message } from '../dns/index.ts'
import type { Endpoint, StrayMessage } from './exchange-result.ts'

export type Match =
  | { readonly kind: 'response'; readonly message: Message }
  | { readonly kind: 'stray'; readonly stray: StrayMessage }

/** Rcodes with which servers may leave out the question: they did not read that far. */
const WITHOUT_QUESTION: readonly string[] = ['FORMERR', 'NOTIMP', 'REFUSED', 'SERVFAIL']

/**
 * Decides whether octets from the asked server are the response to a query.
 *
 * Names in the question compare without regard to case.
 */
export function matchResponse(octets: Uint8Array, query: Message, from: Endpoint): Match {
  const stray = (why: StrayMessage['why'], detail?: string): Match => ({
    kind: 'stray',
    stray: detail === undefined ? { from, why, octets } : { from, why, octets, detail },
  })
  try {
    const header = decodeHeader(octets)
    if (!header.flags.qr || header.opcode !== query.opcode) return stray('not-a-response')
    if (header.id !== query.id) return stray('other-id')
    const message = decodeMessage(octets)
    return isForQuestion(message, query) ? { kind: 'response', message } : stray('other-question')
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return stray('malformed', error.message)
  }
}

function isForQuestion(message: Message, query: Message): boolean {
  if (message.question.length === 0) {
    return query.question.length === 0 || WITHOUT_QUESTION.includes(message.rcode)
  }
  return (
    message.question.length === query.question.length &&
    message.question.every((question, index) => {
      const asked = query.question[index]
      return (
        asked !== undefined &&
        question.type === asked.type &&
        question.class === asked.class &&
        equalNames(question.name, asked.name)
      )
    })
  )
}
