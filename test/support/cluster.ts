// Kubernetes objects in few words, and a cluster of them.
import { ClusterIndex, type IndexOptions } from '../../src/kube/schema/index.ts'
import { readList, type KubeObject } from '../../src/kube/objects/index.ts'

type Fields = Readonly<Record<string, unknown>>

export interface EndpointFields {
  readonly ip: string
  readonly hostname?: string
  readonly pod?: string
  readonly ready?: boolean
  readonly zone?: string
}

/** A Service; `key` is `namespace/name`, `spec` goes over a ClusterIP Service's. */
export function service(key: string, spec: Fields = {}, more: Fields = {}): Fields {
  const [namespace, name] = key.split('/')
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, ...more },
    spec: { type: 'ClusterIP', ports, ...spec },
  }
}

/** An EndpointSlice of a Service; `key` is `namespace/service` or `namespace/service/slice`. */
export function slice(key: string, endpoints: readonly EndpointFields[], more: Fields = {}): Fields {
  const [namespace, owner, name = `${owner}-1`] = key.split('/')
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name, labels: { 'kubernetes.io/service-name': owner } },
    addressType: endpoints[0]?.ip.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: endpoints.map(({ ip, hostname, pod, ready, zone }) => ({
      addresses: [ip],
      conditions: { ready },
      hostname,
      zone,
      targetRef: pod === undefined ? undefined : { kind: 'Pod', namespace, name: pod },
    })),
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    ...more,
  }
}

export function namespace(name: string, labels: Fields = {}): Fields {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}

export function pod(
  key: string,
  ip: string,
  more: { readonly spec?: Fields; readonly meta?: Fields; readonly phase?: string } = {},
): Fields {
  const [namespace, name] = key.split('/')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, ...more.meta },
    spec: { ...more.spec },
    status: { phase: more.phase ?? 'Running', podIPs: [{ ip }] },
  }
}

/** Reads objects as a list of the API would hold them. @throws {TypeError} one is not read */
export function read(...objects: readonly Fields[]): readonly KubeObject[] {
  const list = readList({ apiVersion: 'v1', kind: 'List', items: objects })
  if (list.objects.length !== objects.length) throw new TypeError(`not all read: ${JSON.stringify(list.problems)}`)
  return list.objects
}

/** An index of these objects and of the namespaces they are in. */
export function cluster(objects: readonly Fields[], options: IndexOptions = {}): ClusterIndex {
  const index = new ClusterIndex(options)
  const all = read(...objects)
  const named = new Set(all.filter(({ kind }) => kind === 'Namespace').map(({ meta }) => meta.name))
  for (const { meta } of all) {
    if (meta.namespace === '' || named.has(meta.namespace)) continue
    named.add(meta.namespace)
    for (const object of read(namespace(meta.namespace))) index.apply(object)
  }
  for (const object of all) index.apply(object)
  return index
}
