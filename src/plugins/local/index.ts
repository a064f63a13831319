import type { Plugin } from '../../server/index.ts'
import { createLocalHandler } from './handler.ts'
import { parseLocal, type LocalOptions } from './setup.ts'

export const localPlugin: Plugin<LocalOptions> = {
  name: 'local',
  parse: parseLocal,
  create: (options, env) => ({ handler: createLocalHandler(options, env), hot: {} }),
}
