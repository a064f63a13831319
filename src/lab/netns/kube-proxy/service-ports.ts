// Services as kube-proxy sees them: one entry for each port, with the endpoints that are ready for it, and the names of its chains.
import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../cluster/object-store.ts'
import { numberAt, objectsAt, textAt, textsAt, valueAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { ENDPOINT_SLICE_TYPE, SERVICE_TYPE } from '../../cluster/resource-types.ts'
import type { Json } from '../../../kube/objects/index.ts'

export interface ProxyEndpoint {
  readonly address: string
  readonly port: number
  /** Empty when it is not known. */
  readonly node: string
}

export interface ServicePort {
  /** `NAMESPACE/NAME:PORT`, as in comments of rules. */
  readonly name: string
  readonly protocol: 'sctp' | 'tcp' | 'udp'
  readonly clusterIp: string
  readonly externalIps: readonly string[]
  readonly port: number
  /** 0 for none. */
  readonly nodePort: number
  /** Seconds a client stays with its endpoint; 0 without session affinity. */
  readonly affinitySeconds: number
  /** Only endpoints of the node that asks. */
  readonly localOnly: boolean
  readonly endpoints: readonly ProxyEndpoint[]
}

/** kube-proxy's default for `sessionAffinity: ClientIP`, in seconds. */
const DEFAULT_AFFINITY_S = 10_800

/** Every port of every Service that has a cluster IP, in the order of their names. */
export function servicePorts(store: ObjectStore, kubernetesVersion: string): ServicePort[] {
  return store.list(SERVICE_TYPE).flatMap((service) => {
    const clusterIp = textAt(service, 'spec', 'clusterIP')
    if (clusterIp === '' || clusterIp === 'None' || textAt(service, 'spec', 'type') === 'ExternalName') return []
    const affinity = textAt(service, 'spec', 'sessionAffinity') === 'ClientIP'
    const seconds = numberAt(service, 'spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds')
    return objectsAt(service, 'spec', 'ports').map((port): ServicePort => ({
      name: portName(service, textAt(port, 'name'), kubernetesVersion),
      protocol: protocolOf(port),
      clusterIp,
      externalIps: textsAt(service, 'spec', 'externalIPs'),
      port: numberAt(port, 'port'),
      nodePort: numberAt(port, 'nodePort'),
      affinitySeconds: affinity ? seconds || DEFAULT_AFFINITY_S : 0,
      localOnly: textAt(service, 'spec', 'internalTrafficPolicy') === 'Local',
      endpoints: endpointsOf(store, service, port),
    }))
  })
}

// Before 1.20 a port without a name leaves the colon.
function portName({ metadata }: RawObject, port: string, kubernetesVersion: string): string {
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion)?.[1] ?? 99)
  const separator = port !== '' || minor < 20 ? ':' : ''
  return `${metadata.namespace ?? 'default'}/${metadata.name}${separator}${port}`
}

function protocolOf(port: Json): ServicePort['protocol'] {
  const text = textAt(port, 'protocol').toLowerCase()
  return text === 'udp' || text === 'sctp' ? text : 'tcp'
}

function endpointsOf(store: ObjectStore, service: RawObject, servicePort: Json): ProxyEndpoint[] {
  const { name, namespace } = service.metadata
  const found = store
    .list(ENDPOINT_SLICE_TYPE, namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => {
      const port = objectsAt(slice, 'ports').find(
        (candidate) =>
          textAt(candidate, 'name') === textAt(servicePort, 'name') &&
          protocolOf(candidate) === protocolOf(servicePort),
      )
      if (port === undefined) return []
      return objectsAt(slice, 'endpoints')
        .filter((endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false)
        .flatMap((endpoint) =>
          textsAt(endpoint, 'addresses').map((address) => ({
            address,
            port: numberAt(port, 'port'),
            node: textAt(endpoint, 'nodeName') || textAt(endpoint, 'topology', 'kubernetes.io/hostname'),
          })),
        )
    })
  const key = ({ address, port }: ProxyEndpoint): string => `${address}:${port}`
  return [...new Map(found.map((endpoint) => [key(endpoint), endpoint])).values()].sort((a, b) =>
    key(a) < key(b) ? -1 : 1,
  )
}

// --- Names of chains: the first 16 characters of a SHA-256 in base 32 (servicePortChainName in kube-proxy) ---

export function serviceChain({ name, protocol }: ServicePort): string {
  return `KUBE-SVC-${shortHash(name + protocol)}`
}

export function endpointChain({ name, protocol }: ServicePort, { address, port }: ProxyEndpoint): string {
  return `KUBE-SEP-${shortHash(`${name}${protocol}${address}:${port}`)}`
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const HASH_LENGTH = 16

function shortHash(text: string): string {
  const octets = createHash('sha256').update(text).digest()
  let bits = 0n
  for (const octet of octets.subarray(0, 10)) bits = (bits << 8n) | BigInt(octet)
  let name = ''
  for (let at = 75n; name.length < HASH_LENGTH; at -= 5n) name += BASE32[Number((bits >> at) & 31n)] ?? ''
  return name
}
