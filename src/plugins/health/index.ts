import type { Plugin } from '../../server/index.ts'
import { createHealth } from './handler.ts'
import { parseHealth } from './setup.ts'
import type { HealthOptions } from './setup.ts'

/** `health`: the liveness endpoint, and the lameduck time before the end. */
export const healthPlugin: Plugin<HealthOptions> = { name: 'health', parse: parseHealth, create: createHealth }
