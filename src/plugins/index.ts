// The plugins there are: directive name to its folder, loaded when a Corefile uses it. Their order is data in corefile/.
import type { PluginRegistry } from '../server/index.ts'

/** Every plugin of this program, by directive name. */
export const PLUGINS: PluginRegistry = {
  acl: async () => (await import('./acl/index.ts')).aclPlugin,
  any: async () => (await import('./any/index.ts')).anyPlugin,
  autopath: async () => (await import('./autopath/index.ts')).autopathPlugin,
  bind: async () => (await import('./bind/index.ts')).bindPlugin,
  bufsize: async () => (await import('./bufsize/index.ts')).bufsizePlugin,
  cache: async () => (await import('./cache/index.ts')).cachePlugin,
  cancel: async () => (await import('./cancel/index.ts')).cancelPlugin,
  chaos: async () => (await import('./chaos/index.ts')).chaosPlugin,
  debug: async () => (await import('./debug/index.ts')).debugPlugin,
  dns64: async () => (await import('./dns64/index.ts')).dns64Plugin,
  erratic: async () => (await import('./erratic/index.ts')).erraticPlugin,
  forward: async () => (await import('./forward/index.ts')).forwardPlugin,
  header: async () => (await import('./header/index.ts')).headerPlugin,
  k8s_external: async () => (await import('./k8s_external/index.ts')).k8sExternalPlugin,
  kubernetes: async () => (await import('./kubernetes/index.ts')).kubernetesPlugin,
  local: async () => (await import('./local/index.ts')).localPlugin,
  metadata: async () => (await import('./metadata/index.ts')).metadataPlugin,
  minimal: async () => (await import('./minimal/index.ts')).minimalPlugin,
  multisocket: async () => (await import('./multisocket/index.ts')).multisocketPlugin,
  nsid: async () => (await import('./nsid/index.ts')).nsidPlugin,
  root: async () => (await import('./root/index.ts')).rootPlugin,
  timeouts: async () => (await import('./timeouts/index.ts')).timeoutsPlugin,
  tls: async () => (await import('./tls/index.ts')).tlsPlugin,
  whoami: async () => (await import('./whoami/index.ts')).whoamiPlugin,
}
