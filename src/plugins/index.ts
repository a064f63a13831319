// The plugins there are: directive name to its folder, loaded when a Corefile uses it. Their order is data in corefile/.
import type { PluginRegistry } from '../server/index.ts'

/** Every plugin of this program, by directive name. */
export const PLUGINS: PluginRegistry = {
  cache: async () => (await import('./cache/index.ts')).cachePlugin,
}
