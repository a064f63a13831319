import type { Plugin } from '../../server/index.ts'
import { createReload } from './handler.ts'
import { parseReload } from './setup.ts'
import type { ReloadOptions } from './setup.ts'

/** `reload`: changes over to a changed Corefile. */
export const reloadPlugin: Plugin<ReloadOptions> = { name: 'reload', parse: parseReload, create: createReload }
