// A server that misbehaves on purpose, to test clients: it drops, truncates and delays by count.
import type { Clock } from '../../base/index.ts'
import type { RData, ResourceRecord } from '../../dns/message.ts'
import { fail, respond, type Handler, type Outcome, type Request } from '../../server/index.ts'
import type { ErraticOptions } from './setup.ts'

export interface Erratic {
  readonly handler: Handler
  /** From the third query to the fourth, so that `ready` can be tested. */
  readonly isReady: () => boolean
}

export function createErratic(options: ErraticOptions, clock: Clock): Erratic {
  let queries = 0
  const isDue = (every: number, number: number): boolean => every > 0 && number % every === 0
  return {
    isReady: () => queries >= 3 && queries < 5,
    handler(request) {
      const number = queries
      queries += 1
      if (isDue(options.drop, number)) return { kind: 'drop', by: 'erratic' }
      const outcome = answer(request, isDue(options.truncate, number), options)
      if (!isDue(options.delay, number)) return outcome
      return new Promise((resolve) => {
        clock.setTimeout(() => resolve(outcome), options.delayMs).unref()
      })
    },
  }
}

function answer(request: Request, tc: boolean, { large }: ErraticOptions): Outcome {
  const { name } = request.question
  const record = (rdata: RData, owner = name): ResourceRecord => {
    return { name: owner, type: rdata.type, class: 'IN', ttl: 0, rdata }
  }
  switch (request.type) {
    case 'A': {
      const records = Array.from({ length: large ? 30 : 1 }, () => record({ type: 'A', address: '192.0.2.53' }))
      return respond(request, { by: 'erratic', tc, answer: records })
    }
    case 'AAAA':
      return respond(request, { by: 'erratic', tc, answer: [record({ type: 'AAAA', address: '2001:db8::53' })] })
    case 'AXFR':
      return respond(request, { by: 'erratic', aa: false, answer: transfer(record, tc) })
    default:
      return fail('erratic', 'SERVFAIL')
  }
}

/** A small zone; truncated, it lacks the SOA record that ends a transfer (RFC 5936 §2.2). */
function transfer(record: (rdata: RData, owner?: string) => ResourceRecord, isTruncated: boolean): ResourceRecord[] {
  const times = { refresh: 7200, retry: 3600, expire: 1_209_600, minimum: 3600 }
  const soa = record({ type: 'SOA', mname: 'ns.example.', rname: 'admin.example.', serial: 1, ...times })
  const [first, second] = [`a.${soa.name}`, `b.${soa.name}`].map((name) => name.replace(/\.\.$/, '.'))
  const body = [first ?? '', second ?? ''].flatMap((name, index) => [
    record({ type: 'NS', nsdname: name }),
    record({ type: 'AAAA', address: `2001:db8::5${index + 3}` }, name),
  ])
  return isTruncated ? [soa, ...body] : [soa, ...body, soa]
}
