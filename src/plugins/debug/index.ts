import type { Plugin } from '../../server/index.ts'
import { parseDebug } from './setup.ts'

/** Has no place in the chain: the server reads the setting. */
export const debugPlugin: Plugin<void> = {
  name: 'debug',
  parse: parseDebug,
  create: () => ({}),
}
