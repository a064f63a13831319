// Objects that faults put into a cluster: pods that run and do nothing, Services.
import type { Json } from '../../../kube/objects/index.ts'
import { LabError } from '../../cluster/lab-error.ts'
import { objectAt, objectsAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import { deadAddressBeside } from './dead-address.ts'
import type { FaultStage } from '../fault.ts'

/** A pod that runs beside default/console, on its node, with other settings. @throws {LabError} `not-supported` without console */
export function idlePod(stage: FaultStage, name: string, spec: Json): RawObject {
  const console = stage.store.get(POD_TYPE, 'default', 'console')
  if (console === undefined) throw new LabError('not-supported', 'Cannot inject the fault: there is no default/console')
  const status = objectAt(console, 'status')
  const onHost = spec['hostNetwork'] === true
  const podIP = onHost ? textAt(status, 'hostIP') : deadAddressBeside(stage, textAt(status, 'podIP'))
  return {
    ...console,
    metadata: { name, namespace: 'default', labels: { run: name } },
    spec: { ...objectAt(console, 'spec'), ...spec },
    status: { ...status, podIP, podIPs: [{ ip: podIP }] },
  }
}

/** A Service of namespace default. */
export function serviceObject(name: string, spec: Json): RawObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec }
}

/** A headless Service of namespace default for pods with these labels; without any its endpoints are written by hand. */
export function headlessService(name: string, selector?: Json): RawObject {
  const ports = [{ name: 'peer', port: 7000, protocol: 'TCP', targetPort: 7000 }]
  return serviceObject(name, {
    clusterIP: 'None',
    type: 'ClusterIP',
    sessionAffinity: 'None',
    ports,
    ...(selector === undefined ? {} : { selector }),
  })
}

/** Endpoints of a headless Service without a selector: the object that old servers watch, and the slice that new ones do. */
export function writtenEndpoints(name: string, addresses: readonly string[]): readonly [RawObject, RawObject] {
  const port = { name: 'peer', port: 7000, protocol: 'TCP' }
  const metadata = { name, namespace: 'default' }
  return [
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata,
      subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [port] }],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports: [port],
    },
  ]
}

/** The same pod as it is when its kubelet cannot make a sandbox for it. */
export function stuckPod(pod: RawObject): RawObject {
  const { podIP: _podIP, podIPs: _podIPs, ...status } = objectAt(pod, 'status')
  const containerStatuses = objectsAt(status, 'containerStatuses').map((container) => ({
    ...container,
    ready: false,
    started: false,
    state: { waiting: { reason: 'ContainerCreating' } },
  }))
  const conditions = objectsAt(status, 'conditions').map((condition) => ({
    ...condition,
    status: textAt(condition, 'type').endsWith('Ready') ? 'False' : condition['status'],
  }))
  return { ...pod, status: { ...status, phase: 'Pending', conditions, containerStatuses } }
}
