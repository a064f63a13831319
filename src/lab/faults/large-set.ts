// A name whose response is larger than a datagram can be on the wire: faults of large responses need one.
import { ENDPOINT_SLICE_TYPE, SERVICE_TYPE } from '../cluster/resource-types.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import type { Fault } from './fault.ts'
import { kernelOf } from './kernel-fault.ts'

/** Fully qualified, without the final dot. */
export const LARGE_NAME = 'large.default.svc.cluster.local'

const RULES_SEE_BRIDGE = 'net/bridge/bridge-nf-call-iptables'
const NAME = 'large'
const NAMESPACE = 'default'
/** A record has 16 octets when its name is compressed: some 1600 octets in all. */
const ENDPOINTS = 100

/** A fault of the switch, with a name whose response it loses. */
export function withLargeSet(fault: Fault): Fault {
  return {
    ...fault,
    async inject(stage) {
      if (kernelOf(stage).setting({ kind: 'underlay' }, RULES_SEE_BRIDGE) === undefined) {
        throw new LabError('not-supported', 'Cannot inject the fault: this kernel has no br_netfilter')
      }
      const undo = await fault.inject(stage)
      const [service, slice] = largeSetObjects()
      const { store } = stage
      if (service !== undefined) store.create(SERVICE_TYPE, service)
      if (slice !== undefined) store.create(ENDPOINT_SLICE_TYPE, slice)
      return async () => {
        store.delete(ENDPOINT_SLICE_TYPE, NAMESPACE, NAME)
        store.delete(SERVICE_TYPE, NAMESPACE, NAME)
        await undo()
      }
    },
  }
}

/** A headless Service with many endpoints. */
export function largeSetObjects(): RawObject[] {
  const metadata = { name: NAME, namespace: NAMESPACE }
  const ports = [{ name: 'data', port: 7000, protocol: 'TCP' }]
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: 'None', ports, type: 'ClusterIP', sessionAffinity: 'None' },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': NAME } },
      addressType: 'IPv4',
      // Of a block for documentation (RFC 5737): nobody is there.
      endpoints: Array.from({ length: ENDPOINTS }, (_value, index) => ({
        addresses: [`198.51.100.${index + 1}`],
        conditions: { ready: true },
      })),
      ports,
    },
  ]
}
