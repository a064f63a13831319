// Per query: the first rule that matches asks its upstreams.
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

  function handle(request: Request, next: Next): Outcome | Promise<Outcome> {
    const first = rules.findIndex((rule) => rule.matches(request))
    return first < 0 ? next(request) : forwardFrom(first, request, next)
  }

  async function forwardFrom(first: number, request: Request, next: Next): Promise<Outcome> {
    for (let index = first; index < rules.length; index += 1) {
      const rule = rules[index]
      if (rule === undefined || !rule.matches(request)) continue
      const { outcome, goesOn } = await rule.forward(request)
      // `next` means the block's next forward; behind the last one the response stands.
      if (!goesOn || index === rules.length - 1) return outcome
    }
    return next(request)
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
