// Where a container wants to be asked whether it is ready.
import type { Json } from '../../kube/objects/index.ts'
import { textAt } from '../cluster/raw-object.ts'

/** Port and path of an HTTP readiness probe; undefined for a container without one. */
export function readyProbe(container: Json): { readonly port: number; readonly path: string } | undefined {
  const path = textAt(container, 'readinessProbe', 'httpGet', 'path')
  const probe = container['readinessProbe']
  const get: unknown = typeof probe === 'object' && probe !== null ? Reflect.get(probe, 'httpGet') : undefined
  const port = typeof get === 'object' && get !== null ? Number(Reflect.get(get, 'port')) : 0
  return path === '' || !(port > 0) ? undefined : { path, port }
}
