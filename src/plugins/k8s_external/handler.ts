// Per query: Services by their external names, and the zone's own names at its apex.
import type { Eventual } from '../../base/index.ts'
import type { ResourceRecord } from '../../dns/index.ts'
import {
  externalPointers,
  formatReason,
  resolveExternal,
  serverAddresses,
  type ExternalOptions,
} from '../../kube/schema/index.ts'
import {
  fallsThrough,
  isInZone,
  matchZone,
  respond,
  withQuestion,
  type Handler,
  type Outcome,
  type PluginEnv,
  type Request,
} from '../../server/index.ts'
import type { ClusterApi } from '../cluster-api.ts'
import type { ExternalDirective } from './setup.ts'

const BY = 'k8s_external'

type AnswerSections = {
  readonly answer?: readonly ResourceRecord[] | undefined
  readonly additional?: readonly ResourceRecord[] | undefined
}

/** Makes the handler; `cluster` is asked for on every query, since the kubernetes plugin starts on its own. */
export function createHandler(
  options: ExternalDirective,
  cluster: () => ClusterApi | undefined,
  env: Pick<PluginEnv, 'lookup'>,
): Handler {
  const { zones, ttl, apex, headless, fallthrough } = options

  return (request, next) => {
    const zone = matchZone(zones, request.name)
    const api = cluster()
    if (zone === undefined || api === undefined) return next(request)
    const scope: ExternalOptions = { zone, ttl, headless, schema: api.options }
    if (request.name === zone) return answerApex(request, scope, api)
    const own = `${apex}.${zone === '.' ? '' : zone}`
    if (isInZone(request.name, own)) return answerBelowApex(request, scope, api)
    return answerService(request, scope, { api, next })
  }

  function answerService(
    request: Request,
    scope: ExternalOptions,
    { api, next }: { readonly api: ClusterApi; readonly next: Parameters<Handler>[1] },
  ): Outcome | Eventual<Outcome> {
    const isReverse = /\.(in-addr|ip6)\.arpa\.$/.test(request.name)
    const found = isReverse ? resolvePointers(request, scope, api) : resolveExternal(api.index, request.question, scope)
    switch (found.kind) {
      case 'nxdomain':
        if (fallsThrough(fallthrough, request.name)) return next(request)
        return negative(request, scope, { api, rcode: 'NXDOMAIN' })
      case 'nodata':
        return negative(request, scope, { api, rcode: 'NOERROR' })
      case 'records': {
        const [first] = found.answer
        return respond(request, { ...found, by: BY, reason: first && formatReason(first.reason) })
      }
      case 'delegate':
        return resolveTargets(request, found)
    }
  }

  function resolvePointers(
    request: Request,
    scope: ExternalOptions,
    api: ClusterApi,
  ): ReturnType<typeof resolveExternal> {
    const pointers = externalPointers(api.index, request.question.name, { ...scope, zone: zones[0] ?? scope.zone })
    if (pointers.length === 0) return { kind: 'nxdomain' }
    return request.type === 'PTR' ? { kind: 'records', answer: pointers, additional: [] } : { kind: 'nodata' }
  }

  /** Load balancers with a name: what the name leads to is appended. */
  async function resolveTargets(
    request: Request,
    found: Extract<ReturnType<typeof resolveExternal>, { kind: 'delegate' }>,
  ): Promise<Outcome> {
    const answer: ResourceRecord[] = [...found.answer]
    let tc = false
    for (const target of found.targets) {
      const outcome = await env.lookup(withQuestion(request, { name: target }))
      if (outcome.kind !== 'answer') continue
      answer.push(...outcome.message.answer)
      tc ||= outcome.message.flags.tc
    }
    const [first] = found.answer
    return respond(request, { by: BY, answer, tc, reason: first && formatReason(first.reason) })
  }

  // --- Apex and the names below it that stand for this server ---

  function answerApex(request: Request, scope: ExternalOptions, api: ClusterApi): Outcome {
    const { zone } = scope
    const owner = request.question.name
    const nsdname = nameServer(zone)
    switch (request.type) {
      case 'SOA':
        return positive(request, { answer: [soa(scope, api)] })
      case 'NS':
        return positive(request, {
          answer: [{ name: owner, type: 'NS', class: 'IN', ttl, rdata: { type: 'NS', nsdname } }],
          additional: addresses(nsdname, scope, api),
        })
      default:
        return negative(request, scope, { api, rcode: 'NOERROR' })
    }
  }

  function answerBelowApex(request: Request, scope: ExternalOptions, api: ClusterApi): Outcome {
    const { zone } = scope
    if (request.name === nameServer(zone)) {
      const answer = addresses(request.question.name, scope, api).filter(({ type }) => type === request.type)
      return answer.length > 0 ? positive(request, { answer }) : negative(request, scope, { api, rcode: 'NOERROR' })
    }
    const isEmptyNonTerminal = request.name === `${apex}.${zone === '.' ? '' : zone}`
    return negative(request, scope, { api, rcode: isEmptyNonTerminal ? 'NOERROR' : 'NXDOMAIN' })
  }

  function nameServer(zone: string): string {
    return `ns1.${apex}.${zone === '.' ? '' : zone}`
  }

  function addresses(owner: string, scope: ExternalOptions, api: ClusterApi): ResourceRecord[] {
    return serverAddresses(api.index, api.env, scope).map((address): ResourceRecord => {
      const type = address.includes(':') ? 'AAAA' : 'A'
      return { name: owner, type, class: 'IN', ttl, rdata: { type, address } }
    })
  }

  function soa({ zone }: ExternalOptions, api: ClusterApi): ResourceRecord {
    const rname = `hostmaster.${apex}.${zone === '.' ? '' : zone}`
    const times = { refresh: 7200, retry: 1800, expire: 86_400, minimum: ttl }
    const rdata = { type: 'SOA', mname: nameServer(zone), rname, serial: api.env.serial >>> 0, ...times } as const
    return { name: zone, type: 'SOA', class: 'IN', ttl, rdata }
  }

  function positive(request: Request, sections: AnswerSections): Outcome {
    return respond(request, { ...sections, by: BY })
  }

  function negative(
    request: Request,
    scope: ExternalOptions,
    { api, rcode }: { readonly api: ClusterApi; readonly rcode: 'NOERROR' | 'NXDOMAIN' },
  ): Outcome {
    return respond(request, { by: BY, rcode, authority: [soa(scope, api)] })
  }
}
