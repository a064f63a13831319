// The `template` plugin.
import type { Plugin } from '../../server/index.ts'
import { createTemplates } from './handler.ts'
import { parseTemplates, type TemplateOptions } from './setup.ts'

export const templatePlugin: Plugin<TemplateOptions> = {
  name: 'template',
  parse: parseTemplates,
  create: createTemplates,
}
