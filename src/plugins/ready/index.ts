import type { Plugin } from '../../server/index.ts'
import { createReady } from './handler.ts'
import { parseReady } from './setup.ts'
import type { ReadyOptions } from './setup.ts'

/** `ready`: the readiness endpoint. */
export const readyPlugin: Plugin<ReadyOptions> = { name: 'ready', parse: parseReady, create: createReady }
