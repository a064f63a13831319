// Answers questions of type ANY with one small record (RFC 8482 §4.2).
import { FIXED, respond, type Handler } from '../../server/index.ts'

/** Seconds; the RFC's number, as CoreDNS has it. */
const TTL = 8482

export const answerAny: Handler = (request, next) => {
  if (request.type !== 'ANY') return next(request)
  const rdata = { type: 'HINFO', cpu: 'ANY obsoleted', os: 'See RFC 8482' } as const
  return respond(request, {
    by: 'any',
    aa: false,
    answer: [{ name: request.question.name, type: 'HINFO', class: 'IN', ttl: TTL, rdata }],
    keep: () => ({ stamp: FIXED }),
  })
}
