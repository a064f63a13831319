import type { Plugin } from '../../server/index.ts'
import { createCollector } from './handler.ts'
import { parseMetadata, type MetadataOptions } from './setup.ts'

export const metadataPlugin: Plugin<MetadataOptions> = {
  name: 'metadata',
  parse: parseMetadata,
  create: createCollector,
}
