// What a directive such as `tls` or `timeouts` tells the server while it is parsed.
import type { BlockSettings, Plugin } from '../../src/server/index.ts'
import { createFakeClock } from './fake-clock.ts'
import { createTestEnv, parseDirective, type RigOptions } from './plugin-rig.ts'

/** Parses `directive` and gives the settings of all its calls of `configure` together; log lines go to `log`. */
export function configured<Options>(
  plugin: Plugin<Options>,
  directive: string,
  options: Pick<RigOptions, 'files'> & { readonly log?: string[] } = {},
): BlockSettings {
  const { env, log } = createTestEnv({ ...options, clock: createFakeClock() })
  let settings: BlockSettings = {}
  parseDirective(plugin, directive, {
    ...env,
    configure: (more) => {
      settings = { ...settings, ...more }
    },
  })
  options.log?.push(...log)
  return settings
}
