import type { Plugin } from '../../server/index.ts'
import { createLoadbalance } from './handler.ts'
import { parseLoadbalance } from './setup.ts'
import type { LoadbalanceOptions } from './setup.ts'

/** `loadbalance`: reorders addresses, so that clients spread over them. */
export const loadbalancePlugin: Plugin<LoadbalanceOptions> = {
  name: 'loadbalance',
  parse: parseLoadbalance,
  create: (options, env) => createLoadbalance(options, env),
}
