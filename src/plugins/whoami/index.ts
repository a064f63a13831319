import type { Plugin } from '../../server/index.ts'
import { answerWhoami } from './handler.ts'
import { parseWhoami } from './setup.ts'

export const whoamiPlugin: Plugin<void> = {
  name: 'whoami',
  parse: parseWhoami,
  create: () => ({ handler: answerWhoami }),
}
