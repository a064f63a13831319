// Resolves what an ExternalName Service stands for: names of our own zones from the index, others through the server.
import type { Eventual } from '../../base/index.ts'
import { isSubdomain, lowerName } from '../../dns/name.ts'
import type { ResourceRecord } from '../../dns/message.ts'
import type { SchemaAnswer } from '../../kube/schema/index.ts'
import { mapOutcome, respond, withQuestion, type Outcome, type PluginEnv, type Request } from '../../server/index.ts'

type Delegate = Extract<SchemaAnswer, { kind: 'delegate' }>

/** Longest chain of CNAMEs that is followed. */
const DEEPEST = 10

/** Answers with the CNAME, and after it what its target has; the bare CNAME when that fails. */
export function resolveExternalName(
  request: Request,
  first: Delegate,
  options: {
    readonly by: string
    readonly reason: string
    readonly resolve: (name: string) => SchemaAnswer
    readonly lookup: PluginEnv['lookup']
  },
): Outcome | Eventual<Outcome> {
  const { by, reason } = options
  const answer: ResourceRecord[] = [...first.answer]
  const seen = new Set([request.name])
  let { zone, target } = first
  for (;;) {
    const name = lowerName(target)
    if (seen.has(name) || seen.size > DEEPEST) return respond(request, { by, reason, answer })
    seen.add(name)
    const next = options.resolve(target)
    if (next.kind === 'records') return respond(request, { by, reason, answer: [...answer, ...next.answer] })
    if (next.kind !== 'delegate') {
      if (next.kind === 'not-in-zone' || !isSubdomain(name, zone)) break
      return respond(request, { by, reason, answer })
    }
    answer.push(...next.answer)
    ;({ zone, target } = next)
  }
  const outcome = options.lookup(withQuestion(request, { name: target }))
  return mapOutcome(outcome, (looked) => {
    const message = looked.kind === 'answer' ? looked.message : undefined
    return respond(request, {
      by,
      reason,
      answer: [...answer, ...(message?.answer ?? [])],
      tc: message?.flags.tc ?? false,
    })
  })
}
