import type { Plugin } from '../../server/index.ts'
import { parseTls } from './setup.ts'

/** Has no place in the chain: the server's listeners use the settings. */
export const tlsPlugin: Plugin<void> = {
  name: 'tls',
  parse: parseTls,
  create: () => ({}),
}
