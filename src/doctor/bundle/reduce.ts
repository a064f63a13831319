// What of the objects goes into a bundle: a file that is handed to others holds no more than judging needs.

type Json = Readonly<Record<string, unknown>>

/** Annotations that causes read; all others may hold anything. */
export const BUNDLE_ANNOTATIONS: readonly string[] = [
  'flannel.alpha.coreos.com/backend-type',
  'projectcalico.org/IPv4VXLANTunnelAddr',
  'proxy.istio.io/config',
  'vpc.amazonaws.com/pod-eni',
]
const KEPT: ReadonlySet<string> = new Set(BUNDLE_ANNOTATIONS)
/** The pods whose command lines are read: they tell kube-proxy's mode. */
const KUBE_PROXY = 'kube-proxy'

/** ConfigMaps that configure kubelet, kube-proxy, CNI or DNS: causes read them as they are. */
const KEPT_MAPS = /^(?:kubelet-config|kube-proxy|cilium-config|kube-dns|node-local-dns|nodelocaldns)|coredns/
const COREFILE_KEY = /^Corefile|\.(?:server|override)$/
/** What a cause looks for in all others: series that were renamed. */
const SERIES = /\bcoredns_forward_[a-z_]+/g

/** Leaves out annotations that no cause reads, command lines of everything but kube-proxy, and data of foreign ConfigMaps. */
export function reduceForBundle(key: string, value: Json): Json {
  if (value['kind'] === 'ConfigMap' && 'data' in value && !KEPT_MAPS.test(nameOf(value))) {
    return { ...value, data: reduceData(value['data'] as Readonly<Record<string, string>>) }
  }
  if (key === 'meta' && 'annotations' in value)
    return { ...value, annotations: reduceAnnotations(value['annotations']) }
  if ('spec' in value && !nameOf(value).startsWith(KUBE_PROXY)) {
    return { ...value, spec: withoutCommandLines(value['spec']) }
  }
  return value
}

function reduceAnnotations(annotations: unknown): Json {
  return Object.fromEntries(Object.entries(annotations as Json).filter(([key]) => KEPT.has(key)))
}

function reduceData(data: Readonly<Record<string, string>>): Json {
  const kept = Object.entries(data).map(([key, text]): [string, string] => [
    key,
    COREFILE_KEY.test(key) ? text : [...text.matchAll(SERIES)].map(([series]) => series).join(' '),
  ])
  return Object.fromEntries(kept.filter(([, text]) => text !== ''))
}

function nameOf({ meta }: Json): string {
  const name = (meta as { readonly name?: unknown } | undefined)?.name
  return typeof name === 'string' ? name : ''
}

function withoutCommandLines(spec: unknown): unknown {
  const { containers } = spec as { readonly containers?: readonly Json[] }
  if (containers === undefined) return spec
  return { ...(spec as Json), containers: containers.map((one) => ({ ...one, command: [], args: [] })) }
}
