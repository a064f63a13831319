import type { Plugin } from '../../server/index.ts'
import { parseBind } from './setup.ts'

/** `bind`: which addresses a block listens on. It takes no part in the chain. */
export const bindPlugin: Plugin<void> = {
  name: 'bind',
  parse(dispenser, context) {
    context.configure({ addresses: parseBind(dispenser) })
  },
  create: () => ({}),
}
