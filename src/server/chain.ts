// The plugins of a block as one function: each is called with the next one, values stay values.
import type { Handler, Next, Outcome, Request } from './handler.ts'

/** One plugin of a chain. */
export interface Link {
  readonly name: string
  readonly handler: Handler
}

/**
 * Builds functions around functions, the first link outermost.
 *
 * A plugin that passes a query on although it is the last gives SERVFAIL with CoreDNS's message. Without any link the
 * result is undefined: such a block refuses everything.
 */
export function buildChain(links: readonly Link[]): Next | undefined {
  let next: Next | undefined
  for (const { name, handler } of links.toReversed()) {
    const rest = next ?? endOf(name)
    next = (request) => handler(request, rest)
  }
  return next
}

function endOf(name: string): Next {
  const error = new Error(`plugin/${name}: no next plugin found`)
  const outcome: Outcome = { kind: 'status', rcode: 'SERVFAIL', by: name, error }
  return (_request: Request) => outcome
}
