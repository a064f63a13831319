import type { Plugin } from '../../server/index.ts'
import { createNsidHandler } from './handler.ts'
import { parseNsid, type NsidOptions } from './setup.ts'

export const nsidPlugin: Plugin<NsidOptions> = {
  name: 'nsid',
  parse: parseNsid,
  create: (options) => ({ handler: createNsidHandler(options), hot: {} }),
}
