// The endpoint controllers: Endpoints and EndpointSlices follow from Services with a selector and the pods they select.
import { matchesSelector } from '../../../kube/objects/index.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { randomSuffix } from '../api/write.ts'
import type { ObjectStore, StoreEvent } from '../object-store.ts'
import { numberAt, objectsAt, textAt, textMapAt, valueAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { ENDPOINTS_TYPE, ENDPOINT_SLICE_TYPE, POD_TYPE, SERVICE_TYPE } from '../resource-types.ts'

const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const CONTROLLER = 'endpointslice-controller.k8s.io'
const SERVICE_NAME = 'kubernetes.io/service-name'
const HEADLESS = 'service.kubernetes.io/headless'

interface Selected {
  readonly pod: RawObject
  readonly ready: boolean
}

/** Keeps endpoints in step with Services and pods, from now on; the result ends that. */
export function runEndpointControllers(store: ObjectStore): () => void {
  return store.subscribe((event) => {
    for (const service of concerned(store, event)) syncEndpoints(store, service)
  })
}

/** Services whose endpoints an event may change. */
function concerned(store: ObjectStore, { type, change, object, before }: StoreEvent): RawObject[] {
  if (type === SERVICE_TYPE) return change === 'deleted' ? [] : [object]
  if (type !== POD_TYPE) return []
  return store.list(SERVICE_TYPE, object.metadata.namespace).filter((service) => {
    const selector = selectorOf(service)
    return (
      selector !== undefined &&
      [object, before].some((pod) => pod !== undefined && matchesSelector(selector, pod.metadata.labels ?? {}))
    )
  })
}

function selectorOf(service: RawObject): Record<string, string> | undefined {
  const selector = textMapAt(service, 'spec', 'selector')
  return Object.keys(selector).length === 0 || textAt(service, 'spec', 'type') === 'ExternalName' ? undefined : selector
}

/** Writes the Endpoints and the slice that a Service should have now. */
export function syncEndpoints(store: ObjectStore, service: RawObject): void {
  const selector = selectorOf(service)
  if (selector === undefined) return
  const { namespace } = service.metadata
  const selected = store
    .list(POD_TYPE, namespace)
    .filter(
      (pod) =>
        matchesSelector(selector, pod.metadata.labels ?? {}) && textAt(pod, 'status', 'podIP') !== '' && !isOver(pod),
    )
    .map((pod) => ({ pod, ready: isReady(pod) || valueAt(service, 'spec', 'publishNotReadyAddresses') === true }))
  writeSlice(store, service, selected)
  writeEndpoints(store, service, selected)
}

function isOver(pod: RawObject): boolean {
  return (
    ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')) ||
    valueAt(pod, 'metadata', 'deletionTimestamp') !== undefined
  )
}

function isReady(pod: RawObject): boolean {
  return objectsAt(pod, 'status', 'conditions').some(
    (condition) => condition['type'] === 'Ready' && condition['status'] === 'True',
  )
}

// --- EndpointSlice (one per Service is enough: a slice holds 100 endpoints by default, the lab does not split) ---

function writeSlice(store: ObjectStore, service: RawObject, selected: readonly Selected[]): void {
  const { name, namespace = '', uid } = service.metadata
  const present = store
    .list(ENDPOINT_SLICE_TYPE, namespace)
    .find(({ metadata }) => metadata.labels?.[SERVICE_NAME] === name && metadata.labels[MANAGED_BY] === CONTROLLER)
  // The order of endpoints that are already there stays, so that a change of one is a change of one.
  const known = objectsAt(present ?? {}, 'endpoints').map((endpoint) => textAt(endpoint, 'targetRef', 'name'))
  const rank = (pod: RawObject): number =>
    known.includes(pod.metadata.name) ? known.indexOf(pod.metadata.name) : known.length
  const content = {
    addressType: 'IPv4',
    endpoints: [...selected]
      .sort((a, b) => rank(a.pod) - rank(b.pod))
      .map(({ pod, ready }) => sliceEndpoint(service, pod, ready)),
    ports:
      selected.length === 0 && present !== undefined ? objectsAt(present, 'ports') : endpointPorts(service, selected),
  }
  if (present !== undefined) {
    store.update(ENDPOINT_SLICE_TYPE, { ...present, ...content })
    return
  }
  store.create(ENDPOINT_SLICE_TYPE, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${randomSuffix()}`,
      namespace,
      generateName: `${name}-`,
      labels: { [MANAGED_BY]: CONTROLLER, [SERVICE_NAME]: name },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    ...content,
  })
}

function sliceEndpoint(service: RawObject, pod: RawObject, ready: boolean): Json {
  const hostname = hostnameIn(service, pod)
  const nodeName = textAt(pod, 'spec', 'nodeName')
  return {
    addresses: [textAt(pod, 'status', 'podIP')],
    conditions: { ready },
    ...(hostname === '' ? {} : { hostname }),
    targetRef: targetRef(pod),
    ...(nodeName === '' ? {} : { nodeName }),
  }
}

/** An endpoint has a hostname only below the Service that is its pod's subdomain (ShouldSetHostname in the EndpointSlice controller). */
function hostnameIn(service: RawObject, pod: RawObject): string {
  return textAt(pod, 'spec', 'subdomain') === service.metadata.name ? textAt(pod, 'spec', 'hostname') : ''
}

function targetRef(pod: RawObject): Json {
  const { name, namespace, uid } = pod.metadata
  return { kind: 'Pod', name, namespace, uid }
}

function endpointPorts(service: RawObject, selected: readonly Selected[]): Json[] {
  const [first] = selected
  return objectsAt(service, 'spec', 'ports').flatMap((port) => {
    const number = targetPort(port, first?.pod)
    return number === 0
      ? []
      : [{ name: textAt(port, 'name'), port: number, protocol: textAt(port, 'protocol') || 'TCP' }]
  })
}

/** The pod's port that a Service port leads to; 0 when the pod has no port of that name. */
function targetPort(port: Json, pod: RawObject | undefined): number {
  const target = port['targetPort'] ?? port['port']
  if (typeof target === 'number') return target
  const ports = objectsAt(pod ?? {}, 'spec', 'containers').flatMap((container) => objectsAt(container, 'ports'))
  return numberAt(ports.find((candidate) => candidate['name'] === target) ?? {}, 'containerPort')
}

// --- Endpoints, the older form ---

function writeEndpoints(store: ObjectStore, service: RawObject, selected: readonly Selected[]): void {
  const { name, namespace = '', labels } = service.metadata
  const isHeadless = textAt(service, 'spec', 'clusterIP') === 'None'
  const allLabels = { ...labels, ...(isHeadless ? { [HEADLESS]: '' } : {}) }
  const ports = endpointPorts(service, selected).map((port) =>
    port['name'] === '' ? { port: port['port'], protocol: port['protocol'] } : port,
  )
  const addresses = addressesOf(
    service,
    selected.filter(({ ready }) => ready),
  )
  const notReadyAddresses = addressesOf(
    service,
    selected.filter(({ ready }) => !ready),
  )
  const subset = {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ports,
  }
  const subsets = selected.length === 0 ? [] : [subset]
  const present = store.get(ENDPOINTS_TYPE, namespace, name)
  if (present !== undefined) {
    const { subsets: _subsets, ...rest } = present
    store.update(ENDPOINTS_TYPE, { ...rest, ...(subsets.length > 0 ? { subsets } : {}) })
    return
  }
  const metadata = { name, namespace, ...(Object.keys(allLabels).length > 0 ? { labels: allLabels } : {}) }
  store.create(ENDPOINTS_TYPE, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata,
    ...(subsets.length > 0 ? { subsets } : {}),
  })
}

function addressesOf(service: RawObject, selected: readonly Selected[]): Json[] {
  const addresses = selected.map(({ pod }) => {
    const hostname = hostnameIn(service, pod)
    return {
      ip: textAt(pod, 'status', 'podIP'),
      ...(hostname === '' ? {} : { hostname }),
      nodeName: textAt(pod, 'spec', 'nodeName'),
      targetRef: targetRef(pod),
    }
  })
  return addresses.sort((a, b) => compareAddresses(a.ip, b.ip))
}

function compareAddresses(left: string, right: string): number {
  const value = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  return value(left) - value(right)
}
