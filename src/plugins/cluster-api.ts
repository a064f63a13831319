// What the kubernetes plugin offers the plugins beside it in a block (autopath, k8s_external), which must not import it.
import type { ClusterIndex, SchemaEnv, SchemaOptions } from '../kube/schema/index.ts'
import type { PluginInstance, Request } from '../server/index.ts'

export interface ClusterApi {
  readonly kind: 'cluster'
  readonly index: ClusterIndex
  readonly options: SchemaOptions
  /** Current at every access. */
  readonly env: SchemaEnv
  /** The search path of the pod that asks, ending in the empty string; undefined when no pod is known to ask. */
  searchPathOf(request: Request): readonly string[] | undefined
}

/** The cluster that the block's kubernetes plugin serves; undefined when there is no such plugin. */
export function clusterApiOf(siblings: ReadonlyMap<string, PluginInstance>): ClusterApi | undefined {
  const api = siblings.get('kubernetes')?.api
  return isClusterApi(api) ? api : undefined
}

function isClusterApi(api: unknown): api is ClusterApi {
  return typeof api === 'object' && api !== null && (api as { readonly kind?: unknown }).kind === 'cluster'
}
