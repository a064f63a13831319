import type { Plugin } from '../../server/index.ts'
import { createBufsizeHandler } from './handler.ts'
import { parseBufsize, type BufsizeOptions } from './setup.ts'

export const bufsizePlugin: Plugin<BufsizeOptions> = {
  name: 'bufsize',
  parse: parseBufsize,
  create: (options) => ({ handler: createBufsizeHandler(options), hot: {} }),
}
