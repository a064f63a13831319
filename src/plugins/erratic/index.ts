import type { Plugin } from '../../server/index.ts'
import { createErratic } from './handler.ts'
import { parseErratic, type ErraticOptions } from './setup.ts'

export const erraticPlugin: Plugin<ErraticOptions> = {
  name: 'erratic',
  parse: parseErratic,
  create: (options, env) => createErratic(options, env.clock),
}
