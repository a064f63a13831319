import type { Plugin } from '../../server/index.ts'
import { answerAny } from './handler.ts'
import { parseAny } from './setup.ts'

export const anyPlugin: Plugin<void> = {
  name: 'any',
  parse: parseAny,
  create: () => ({ handler: answerAny, hot: {} }),
}
