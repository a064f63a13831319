// Leaves authority and additional records out of positive answers: they save a client nothing and cost it octets.
import type { Message } from '../../dns/message.ts'
import { mapOutcome, type Handler } from '../../server/index.ts'

export const minimize: Handler = (request, next) =>
  mapOutcome(next(request), (outcome) =>
    outcome.kind === 'answer' && isPositive(outcome.message)
      ? { ...outcome, message: { ...outcome.message, authority: [], additional: [] } }
      : outcome,
  )

/** NOERROR with an answer, or with nothing that makes it NODATA (RFC 2308 §2.2) or a referral; no transfer. */
function isPositive({ opcode, rcode, question, answer, authority }: Message): boolean {
  const type = question[0]?.type
  if (opcode !== 'QUERY' || rcode !== 'NOERROR' || type === 'AXFR' || type === 'IXFR') return false
  return answer.length > 0 || !authority.some((record) => record.type === 'SOA' || record.type === 'NS')
}
