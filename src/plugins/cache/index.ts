// The `cache` plugin.
import type { Plugin } from '../../server/index.ts'
import { createCache } from './handler.ts'
import { parseCache, type CacheOptions } from './setup.ts'

export const cachePlugin: Plugin<CacheOptions> = { name: 'cache', parse: parseCache, create: createCache }
