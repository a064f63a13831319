// Gives connections to upstreams an end, without touching the Corefile. A connection to a Service stays with the replica that it was
// opened to: one that never ends sends a node's queries to the same replica for ever, also to one that the Service has dropped.
import { forwardPlugin } from '../plugins/forward/index.ts'
import type { ForwardOptions } from '../plugins/forward/setup.ts'
import type { Plugin, PluginRegistry } from '../server/index.ts'

/** The `max_age` of a *forward* that names none; never below its `expire`, as the directive itself demands. */
const MAX_AGE_MS = 15_000

/** A registry whose `forward` renews its connections. */
export function withRenewedConnections(plugins: PluginRegistry): PluginRegistry {
  const plugin: Plugin<ForwardOptions> = {
    ...forwardPlugin,
    parse(dispenser, context) {
      const { rules } = forwardPlugin.parse(dispenser, context)
      return {
        rules: rules.map((rule) => ({ ...rule, maxAgeMs: rule.maxAgeMs || Math.max(MAX_AGE_MS, rule.expireMs) })),
      }
    },
  }
  return { ...plugins, forward: async () => plugin }
}
