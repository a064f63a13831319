import type { Plugin } from '../../server/index.ts'
import { parseTimeouts } from './setup.ts'

/** Has no place in the chain: the server reads the settings. */
export const timeoutsPlugin: Plugin<void> = {
  name: 'timeouts',
  parse: parseTimeouts,
  create: () => ({}),
}
