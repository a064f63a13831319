import type { Plugin } from '../../server/index.ts'
import { parseRoot } from './setup.ts'

/** Has no place in the chain: the server gives later directives the directory. */
export const rootPlugin: Plugin<void> = {
  name: 'root',
  parse: parseRoot,
  create: () => ({}),
}
