// Opens a table of labels for each query and lets the block's other plugins put theirs in, before any of them acts on it.
import {
  matchZone,
  type Handler,
  type HotTrait,
  type PluginEnv,
  type PluginInstance,
  type Request,
} from '../../server/index.ts'
import type { MetadataOptions } from './setup.ts'

type Provider = NonNullable<PluginInstance['metadata']>

export interface Collector {
  readonly handler: Handler
  /** Looks up which plugins of the block have labels; once all of them are there. */
  readonly start: () => Promise<void>
  readonly hot: HotTrait
}

export function createCollector({ zones }: MetadataOptions, env: Pick<PluginEnv, 'siblings'>): Collector {
  let providers: readonly Provider[] = []
  return {
    start: async () => {
      providers = [...env.siblings().values()].flatMap((plugin) => plugin.metadata?.bind(plugin) ?? [])
    },
    // Whoever reads a label says so itself.
    hot: {},
    handler(request, next) {
      const metadata = new Map<string, () => string>()
      const labeled: Request = { ...request, metadata }
      if (matchZone(zones, request.name) !== undefined) {
        for (const provide of providers) provide(labeled, metadata)
      }
      return next(labeled)
    },
  }
}
