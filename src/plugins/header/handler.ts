// Sets and clears header bits of queries on their way in and of responses on their way out.
import type { Message } from '../../dns/message.ts'
import { mapOutcome, type Handler } from '../../server/index.ts'
import type { HeaderChange, HeaderOptions } from './setup.ts'

export function createHeaderHandler({ query, response }: HeaderOptions): Handler {
  return (request, next) =>
    mapOutcome(next({ ...request, message: changeFlags(request.message, query) }), (outcome) =>
      outcome.kind === 'answer' ? { ...outcome, message: changeFlags(outcome.message, response) } : outcome,
    )
}

function changeFlags(message: Message, change: HeaderChange): Message {
  return { ...message, flags: { ...message.flags, ...change } }
}
