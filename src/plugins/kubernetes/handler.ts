// Per query: the schema's answer as a response, or on to the next plugin.
import type { Eventual } from '../../base/index.ts'
import { describeAbsence, formatReason, resolve, type SchemaAnswer } from '../../kube/schema/index.ts'
import {
  fail,
  fallsThrough,
  respond,
  type Handler,
  type Keep,
  type Next,
  type Outcome,
  type PluginEnv,
  type Request,
} from '../../server/index.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { resolveExternalName } from './external-name.ts'
import type { KubernetesOptions } from './setup.ts'

const BY = 'kubernetes'

/** Makes the handler; `cluster` may still be filling. */
export function createHandler(
  options: KubernetesOptions,
  cluster: ClusterApi,
  env: Pick<PluginEnv, 'lookup'>,
): Handler {
  const { schema } = options
  const ask = (name: string, type: string): SchemaAnswer => resolve(cluster.index, { name, type }, schema, cluster.env)

  /** The answer holds until something changes that it was made from. */
  const keepOf =
    ({ question: { name }, type }: Request) =>
    (): Keep | undefined => {
      const { marks } = cluster.index
      if (!cluster.env.synced) return undefined
      const holds = marks.track(() => void ask(name, type))
      return { stamp: marks.stamp, holds, serial }
    }
  const serial = (): number => cluster.env.serial

  return (request, next) => {
    const answer = ask(request.question.name, request.type)
    switch (answer.kind) {
      case 'records': {
        const [first] = answer.answer
        const reason = first && formatReason(first.reason)
        return respond(request, {
          by: BY,
          reason,
          answer: answer.answer,
          additional: answer.additional,
          keep: keepOf(request),
        })
      }
      case 'delegate':
        return resolveExternalName(request, answer, {
          by: BY,
          reason: formatReason(answer.answer[0].reason),
          resolve: (name) => ask(name, request.type),
          lookup: env.lookup,
        })
      case 'nodata':
        return respond(request, {
          by: BY,
          reason: describeAbsence(answer.absence),
          authority: [answer.soa],
          keep: keepOf(request),
        })
      case 'nxdomain':
      case 'unsynced':
        return missing(request, answer, next)
      case 'refused':
        return fail(BY, 'REFUSED')
      case 'not-in-zone':
        return next(request)
    }
  }

  function missing(
    request: Request,
    answer: Extract<SchemaAnswer, { kind: 'nxdomain' | 'unsynced' }>,
    next: Next,
  ): Outcome | Eventual<Outcome> {
    if (fallsThrough(options.fallthrough, request.name)) return next(request)
    const absence = describeAbsence(answer.absence)
    const [rcode, reason] =
      answer.kind === 'nxdomain' ? ['NXDOMAIN', absence] : ['SERVFAIL', `the cluster's objects are not all read yet`]
    return respond(request, { by: BY, rcode, reason, authority: [answer.soa], keep: keepOf(request) })
  }
}
