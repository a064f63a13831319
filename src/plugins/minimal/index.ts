import type { Plugin } from '../../server/index.ts'
import { minimize } from './handler.ts'
import { parseMinimal } from './setup.ts'

export const minimalPlugin: Plugin<void> = {
  name: 'minimal',
  parse: parseMinimal,
  create: () => ({ handler: minimize, hot: {} }),
}
