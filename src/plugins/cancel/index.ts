import type { Plugin } from '../../server/index.ts'
import { createCancelHandler } from './handler.ts'
import { parseCancel, type CancelOptions } from './setup.ts'

export const cancelPlugin: Plugin<CancelOptions> = {
  name: 'cancel',
  parse: parseCancel,
  create: (options, env) => ({ handler: createCancelHandler(options, env.clock), hot: {} }),
}
