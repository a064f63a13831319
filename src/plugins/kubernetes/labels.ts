// Labels of a query for `log`, `rewrite` and `template`: the parts of its name, and the pod that asks.
import { questionParts, type ClusterIndex, type PodEntry, type SchemaOptions } from '../../kube/schema/index.ts'
import type { Request } from '../../server/index.ts'

/** The pod that has the client's address; the first one where several share it, as on a node's own network. */
export function podOf(
  request: Request,
  { index, options }: { index: ClusterIndex; options: SchemaOptions },
): PodEntry | undefined {
  return options.pods === 'verified' ? index.podsAt(request.client.address)[0] : undefined
}

/** Adds the plugin's labels for a query. */
export function labelQuery(
  request: Request,
  labels: Map<string, () => string>,
  cluster: { readonly index: ClusterIndex; readonly options: SchemaOptions },
): void {
  const add = (name: string, value: string): unknown => labels.set(`kubernetes/${name}`, () => value)
  const pod = podOf(request, cluster)
  if (pod !== undefined) {
    add('client-namespace', pod.namespace)
    add('client-pod-name', pod.name)
    for (const [key, value] of Object.entries(pod.labels ?? {})) add(`client-label/${key}`, value)
  }
  const { options } = cluster
  const parts = questionParts(request.name, options)
  if (parts === undefined) return
  if (parts === 'invalid') {
    add('parse-error', 'invalid query name')
    return
  }
  add('port-name', parts.port)
  add('protocol', parts.protocol)
  add('endpoint', parts.endpoint)
  if (options.multiclusterZones.length > 0) add('cluster', parts.cluster)
  if (options.zonal) add('zone', parts.topologyZone)
  add('service', parts.service)
  add('namespace', parts.namespace)
  add('kind', parts.kind)
}
