// `-serve-stale`: gives every `cache` directive that says nothing about stale answers the same rule, without touching the Corefile.
import type { CacheOptions } from '../plugins/cache/setup.ts'
import { cachePlugin } from '../plugins/cache/index.ts'
import type { Plugin, PluginRegistry } from '../server/index.ts'

/** A registry whose `cache` serves expired answers for `forMs` after an upstream stayed silent. */
export function withServeStale(plugins: PluginRegistry, forMs: number): PluginRegistry {
  const stale: NonNullable<CacheOptions['stale']> = {
    forMs,
    mode: 'verify',
    timeoutMs: VERIFY_TIMEOUT_MS,
    replyTtl: REPLY_TTL,
    recheckMs: RECHECK_MS,
  }
  const plugin: Plugin<CacheOptions> = {
    ...cachePlugin,
    parse(dispenser, context) {
      const options = cachePlugin.parse(dispenser, context)
      return { ...options, stale: options.stale ?? stale }
    },
  }
  return { ...plugins, cache: async () => plugin }
}

/** A resolver's own patience is 5 s: the client gets the stale answer well within it (RFC 8767 §5 recommends 1.8 s). */
const VERIFY_TIMEOUT_MS = 1800
/** RFC 8767 §4 recommends 30 s. */
const REPLY_TTL = 30
/** RFC 8767 §5: no further attempt for 30 s after one that failed. */
const RECHECK_MS = 30_000
