import type { Plugin } from '../../server/index.ts'
import { createChaosHandler } from './handler.ts'
import { parseChaos, type ChaosOptions } from './setup.ts'

export const chaosPlugin: Plugin<ChaosOptions> = {
  name: 'chaos',
  parse: parseChaos,
  create: (options, env) => ({ handler: createChaosHandler(options, env.randomId), anyClass: true, hot: {} }),
}
