import type { Plugin } from '../../server/index.ts'
import { createDns64Handler } from './handler.ts'
import { parseDns64, type Dns64Options } from './setup.ts'

export const dns64Plugin: Plugin<Dns64Options> = {
  name: 'dns64',
  parse: parseDns64,
  create: (options, env) => ({ handler: createDns64Handler(options, env) }),
}
