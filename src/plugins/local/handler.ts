// Answers what must never leave a machine: localhost and the reverse zones of 0/8, 127/8 and 255/8 (RFC 6303, RFC 6761
// §6.3).
import type { DomainName, RData, ResourceRecord } from '../../dns/message.ts'
import { FIXED, matchZone, respond } from '../../server/index.ts'
import type { Handler, Keep, Outcome, PluginEnv, Request, ResponseParts } from '../../server/index.ts'
import type { LocalOptions } from './setup.ts'

const LOCALHOST: DomainName = 'localhost.'
const ZONES: readonly DomainName[] = [LOCALHOST, '0.in-addr.arpa.', '127.in-addr.arpa.', '255.in-addr.arpa.']
/** A week, in seconds. */
const TTL = 604_800

export function createLocalHandler(options: LocalOptions, env: Pick<PluginEnv, 'log' | 'metrics'>): Handler {
  const counted = env.metrics.counter({
    name: 'coredns_local_localhost_requests_total',
    help: 'Counter of special localhost subdomain requests.',
  })
  return (request, next) => {
    if (isLocalhostName(request.name, options)) {
      env.log.debug(
        `Intercepting localhost query for "${request.name}" ${request.type}, from ${request.client.address}`,
      )
      counted.inc()
      return answerLocalhost(request, (hits) => counted.inc([], hits))
    }
    const zone = matchZone(ZONES, request.name)
    return zone === undefined ? next(request) : answerZone(request, zone)
  }
}

/** Below localhost, or, unless switched off, `localhost` in whatever domain a search list put behind it. */
function isLocalhostName(name: DomainName, { localhostPrefix }: LocalOptions): boolean {
  return name.endsWith(`.${LOCALHOST}`) || (localhostPrefix && name !== LOCALHOST && name.startsWith(LOCALHOST))
}

function answerLocalhost(request: Request, tally: (hits: number) => void): Outcome {
  const { name } = request.question
  const rdata = addressFor(request.type)
  const keep = (): Keep => ({ stamp: FIXED, tally })
  return reply(
    request,
    rdata === undefined ? { authority: [soa(name)], keep } : { answer: [record(name, rdata)], keep },
  )
}

function answerZone(request: Request, zone: DomainName): Outcome {
  const { name } = request.question
  const apex = name.slice(name.length - zone.length)
  if (request.name === zone) {
    const rdata = apexData(request)
    return reply(request, rdata === undefined ? { authority: [soa(name)] } : { answer: [record(name, rdata)] })
  }
  if (request.name !== '1.0.0.127.in-addr.arpa.') {
    return reply(request, { rcode: 'NXDOMAIN', authority: [soa(apex)] })
  }
  return reply(
    request,
    request.type === 'PTR'
      ? { answer: [record(name, { type: 'PTR', ptrdname: LOCALHOST })] }
      : { authority: [soa(apex)] },
  )
}

function apexData(request: Request): RData | undefined {
  if (request.type === 'SOA') return soaData()
  if (request.type === 'NS') return { type: 'NS', nsdname: LOCALHOST }
  return request.name === LOCALHOST ? addressFor(request.type) : undefined
}

function addressFor(type: string): RData | undefined {
  if (type === 'A') return { type: 'A', address: '127.0.0.1' }
  return type === 'AAAA' ? { type: 'AAAA', address: '::1' } : undefined
}

function soa(name: DomainName): ResourceRecord {
  return record(name, soaData())
}

function soaData(): RData {
  const times = { serial: 1, refresh: 0, retry: 0, expire: 0, minimum: TTL }
  return { type: 'SOA', mname: LOCALHOST, rname: `root.${LOCALHOST}`, ...times }
}

function record(name: DomainName, rdata: RData): ResourceRecord {
  return { name, type: rdata.type, class: 'IN', ttl: TTL, rdata }
}

function reply(request: Request, parts: Omit<ResponseParts, 'by'>): Outcome {
  return respond(request, { by: 'local', aa: false, keep: () => ({ stamp: FIXED }), ...parts })
}
