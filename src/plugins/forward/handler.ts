// Per query: the first rule that matches asks its upstreams.
import type { Eventual } from '../../base/index.ts'
import type { ConnectUpstream } from '../../net/upstream/index.ts'
import type { Next, Outcome, PluginEnv, PluginInstance, Request } from '../../server/index.ts'
import { createForwardMetrics } from './metrics.ts'
import { runRule } from './rule.ts'
import type { ForwardOptions } from './setup.ts'
import type { UpstreamStatus } from './upstream.ts'

/** What a page that lists upstreams calls. */
export interface ForwardApi {
  readonly kind: 'forward'
  readonly upstreams: () => readonly UpstreamStatus[]
}

/** Builds the forwards of a block; `connect` opens the connections, which tests replace. */
export function createForward(options: ForwardOptions, env: PluginEnv, connect: ConnectUpstream): PluginInstance {
  const metrics = createForwardMetrics(env.metrics)
  const rules = options.rules.map((rule) => runRule(rule, { env, connect, metrics }))

  function handle(request: Request, next: Next): Outcome | Eventual<Outcome> {
    for (let index = 0; index < rules.length; index += 1) {
      const rule = rules[index]
      if (rule === undefined || !rule.matches(request)) continue
      const outcome = rule.forward(request)
      // `next` means the block's next forward; behind the last one the response stands.
      return index === rules.length - 1 ? outcome : goOn(index, outcome, { request, next })
    }
    return next(request)
  }

  /** Asks the forwards after the one that gave `outcome` for as long as they say so. */
  async function goOn(
    index: number,
    outcome: Outcome | Eventual<Outcome>,
    { request, next }: { readonly request: Request; readonly next: Next },
  ): Promise<Outcome> {
    let last = await outcome
    if (rules[index]?.goesOn(last) !== true) return last
    const rest = rules.slice(index + 1).filter((rule) => rule.matches(request))
    if (rest.length === 0) return next(request)
    for (const rule of rest) {
      last = await rule.forward(request)
      if (!rule.goesOn(last)) return last
    }
    return rest.at(-1) === rules.at(-1) ? last : next(request)
  }

  const api: ForwardApi = { kind: 'forward', upstreams: () => rules.flatMap((rule) => rule.status()) }
  return {
    handler: handle,
    start: async () => {
      for (const rule of rules) await rule.start()
    },
    // CoreDNS forwards questions of other classes, as long as a zone matches.
    anyClass: true,
    api,
  }
}
