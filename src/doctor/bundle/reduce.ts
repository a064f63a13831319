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

/** Leaves out annotations that no cause reads, and command lines of everything but kube-proxy. */
export function reduceForBundle(key: string, value: Json): Json {
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

function nameOf({ meta }: Json): string {
  const name = (meta as { readonly name?: unknown } | undefined)?.name
  return typeof name === 'string' ? name : ''
}

function withoutCommandLines(spec: unknown): unknown {
  const { containers } = spec as { readonly containers?: readonly Json[] }
  if (containers === undefined) return spec
  return { ...(spec as Json), containers: containers.map((one) => ({ ...one, command: [], args: [] })) }
}
