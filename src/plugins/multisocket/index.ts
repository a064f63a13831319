import type { Plugin } from '../../server/index.ts'
import { parseMultisocket } from './setup.ts'

/** Has no place in the chain: the server reads the setting. */
export const multisocketPlugin: Plugin<void> = {
  name: 'multisocket',
  parse: parseMultisocket,
  create: () => ({}),
}
