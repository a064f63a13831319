import type { Plugin } from '../../server/index.ts'
import { createLogPlugin } from './handler.ts'
import { parseLog } from './setup.ts'
import type { LogRule } from './setup.ts'

/** `log`: a line for each query. */
export const logPlugin: Plugin<readonly LogRule[]> = { name: 'log', parse: parseLog, create: createLogPlugin }
