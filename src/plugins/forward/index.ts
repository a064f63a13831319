// The `forward` plugin.
import { connectUpstream } from '../../net/upstream/index.ts'
import type { Plugin } from '../../server/index.ts'
import { createForward } from './handler.ts'
import { parseForward, type ForwardOptions } from './setup.ts'

export { createForward } from './handler.ts'
export type { ForwardApi } from './handler.ts'

export const forwardPlugin: Plugin<ForwardOptions> = {
  name: 'forward',
  parse: parseForward,
  create: (options, env) => createForward(options, env, connectUpstream),
}
