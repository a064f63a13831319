// Gives names without AAAA records ones made of their A records, for clients that have IPv6 only (RFC 6147).
import type { Eventual } from '../../base/index.ts'
import type { Message, ResourceRecord } from '../../dns/message.ts'
import { fail, mapOutcome, respond, withQuestion } from '../../server/index.ts'
import type { Handler, Outcome, PluginEnv, Request } from '../../server/index.ts'
import { embedIpv4 } from './prefix.ts'
import type { Dns64Options } from './setup.ts'

/** Where the AAAA answer has no SOA, in seconds (RFC 6147 §5.1.7). */
const DEFAULT_TTL_LIMIT = 600

export function createDns64Handler(options: Dns64Options, env: Pick<PluginEnv, 'lookup' | 'metrics'>): Handler {
  const translated = env.metrics.counter({
    name: 'coredns_dns64_requests_translated_total',
    help: 'Counter of DNS requests translated by dns64.',
    labels: ['server'],
  })

  function translate(request: Request, original: Message): Outcome | Eventual<Outcome> {
    return mapOutcome(env.lookup(withQuestion(request, { type: 'A' })), (outcome) => {
      if (outcome.kind === 'drop') return outcome
      if (outcome.kind === 'status') {
        const reason = `no response for ${request.question.name} A`
        return fail('dns64', 'SERVFAIL', outcome.error ?? reason)
      }
      translated.inc([request.server])
      return synthesize(request, original, outcome.message)
    })
  }

  function synthesize(request: Request, original: Message, found: Message): Outcome {
    const soa = original.authority.findLast(({ type }) => type === 'SOA')
    const limit = soa?.ttl ?? DEFAULT_TTL_LIMIT
    return respond(request, {
      by: 'dns64',
      aa: false,
      tc: found.flags.tc,
      rcode: found.rcode,
      answer: found.answer.map((record) => toAaaa(record, limit)),
      authority: found.authority,
      additional: found.additional,
    })
  }

  function toAaaa(record: ResourceRecord, limit: number): ResourceRecord {
    const address = record.rdata.type === 'A' ? embedIpv4(options.prefix, record.rdata.address) : undefined
    if (address === undefined) return record
    return { ...record, type: 'AAAA', ttl: Math.min(record.ttl, limit), rdata: { type: 'AAAA', address } }
  }

  return (request, next) => {
    const isAsked = request.type === 'AAAA' && request.class === 'IN' && (options.allowIpv4 || request.family === 2)
    if (!isAsked) return next(request)
    return mapOutcome(next(request), (outcome) =>
      outcome.kind === 'answer' && needsTranslation(outcome.message, options)
        ? translate(request, outcome.message)
        : outcome,
    )
  }
}

/** NXDOMAIN stays (RFC 6147 §5.1.2); every other answer without AAAA records counts as an empty one. */
function needsTranslation({ rcode, answer }: Message, { translateAll }: Dns64Options): boolean {
  return rcode !== 'NXDOMAIN' && (translateAll || !answer.some(({ type }) => type === 'AAAA'))
}
