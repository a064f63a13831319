// Per query: the names of the search path one after the other, through the rest of the chain, until one exists.
import { isSubdomain, type ResourceRecord } from '../../dns/index.ts'
import {
  matchZone,
  withQuestion,
  type Counter,
  type Handler,
  type Next,
  type Outcome,
  type Request,
} from '../../server/index.ts'
import type { AutopathOptions } from './setup.ts'

export interface AutopathParts {
  /** The client's search path, ending in the empty string; undefined or empty: leave the query alone. */
  readonly searchPathOf: (request: Request) => readonly string[] | undefined
  readonly successes: Counter
}

export function createHandler({ zones }: Pick<AutopathOptions, 'zones'>, parts: AutopathParts): Handler {
  return (request, next) => {
    if (matchZone(zones, request.name) === undefined) return next(request)
    const path = parts.searchPathOf(request)
    const [first] = path ?? []
    if (path === undefined || first === undefined || first === '' || !isSubdomain(request.name, first))
      return next(request)
    // At the search name itself there is no base to put before the others.
    if (request.name === first) return next(request)
    return walk(request, next, path)
  }

  async function walk(request: Request, next: Next, path: readonly string[]): Promise<Outcome> {
    const [first = ''] = path
    const base = request.question.name.slice(0, -first.length)
    let firstOutcome: Outcome | undefined
    for (const suffix of path) {
      const name = suffix === '.' ? base : base + suffix
      const outcome = await next(name === request.question.name ? request : withQuestion(request, { name }))
      firstOutcome ??= outcome
      // An error ends the walk: the names that follow would be answered while the first one might exist.
      if (outcome.kind === 'drop' || (outcome.kind === 'status' && outcome.error !== undefined)) return outcome
      if (outcome.kind === 'status' || outcome.message.rcode === 'NXDOMAIN') continue
      parts.successes.inc([request.server])
      return {
        ...outcome,
        message: { ...outcome.message, question: request.message.question, answer: named(request, outcome) },
      }
    }
    return firstOutcome ?? next(request)
  }
}

/** The answer with a CNAME before it, from the name that was asked to the name that was found. */
function named(request: Request, { message }: Extract<Outcome, { kind: 'answer' }>): readonly ResourceRecord[] {
  const { answer } = message
  const found = answer.find(({ name }) => name.toLowerCase() !== request.name)
  if (found === undefined) return answer
  const alias: ResourceRecord = {
    name: request.question.name,
    type: 'CNAME',
    class: 'IN',
    ttl: found.ttl,
    rdata: { type: 'CNAME', cname: found.name },
  }
  return [alias, ...answer]
}
