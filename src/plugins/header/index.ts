import type { Plugin } from '../../server/index.ts'
import { createHeaderHandler } from './handler.ts'
import { parseHeader, type HeaderOptions } from './setup.ts'

export const headerPlugin: Plugin<HeaderOptions> = {
  name: 'header',
  parse: parseHeader,
  create: (options) => ({ handler: createHeaderHandler(options), hot: {} }),
}
