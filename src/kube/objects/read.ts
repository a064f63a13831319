// Any API JSON to objects: by apiVersion and kind, one object or a list, with what was left out as data.
import { readCiliumLocalRedirectPolicy, readCiliumNetworkPolicy } from './cilium.ts'
import { readClusterRole, readClusterRoleBinding } from './cluster-role.ts'
import { readConfigMap } from './config-map.ts'
import { readEndpoints, readEndpointSlice } from './endpoint-slice.ts'
import { readEvent } from './event.ts'
import { isJsonObject, text, type Json } from './json.ts'
import { readNamespace } from './namespace.ts'
import { readNetworkPolicy } from './network-policy.ts'
import { readNode } from './node.ts'
import { readPod } from './pod.ts'
import { readService, readServiceImport } from './service.ts'
import type { ClusterObjects, EndpointSlice, KubeObject } from './types.ts'
import { readWorkload } from './workload.ts'

/** API group (empty for core) and kind, as `group/Kind`. */
const READERS: Readonly<Record<string, (json: Json) => KubeObject>> = {
  '/Namespace': readNamespace,
  '/Service': readService,
  '/Pod': readPod,
  '/Node': readNode,
  '/ConfigMap': readConfigMap,
  '/Event': readEvent,
  'events.k8s.io/Event': readEvent,
  'discovery.k8s.io/EndpointSlice': readEndpointSlice,
  'apps/Deployment': (json) => readWorkload(json, 'Deployment'),
  'apps/DaemonSet': (json) => readWorkload(json, 'DaemonSet'),
  'apps/StatefulSet': (json) => readWorkload(json, 'StatefulSet'),
  'extensions/Deployment': (json) => readWorkload(json, 'Deployment'),
  'extensions/DaemonSet': (json) => readWorkload(json, 'DaemonSet'),
  'networking.k8s.io/NetworkPolicy': readNetworkPolicy,
  'extensions/NetworkPolicy': readNetworkPolicy,
  'multicluster.x-k8s.io/ServiceImport': readServiceImport,
  'rbac.authorization.k8s.io/ClusterRole': readClusterRole,
  'rbac.authorization.k8s.io/ClusterRoleBinding': readClusterRoleBinding,
  'cilium.io/CiliumNetworkPolicy': readCiliumNetworkPolicy,
  'cilium.io/CiliumClusterwideNetworkPolicy': readCiliumNetworkPolicy,
  'cilium.io/CiliumLocalRedirectPolicy': readCiliumLocalRedirectPolicy,
}

/** What a document held. Nothing of the parsed tree is referenced. */
export interface ReadList {
  readonly objects: readonly KubeObject[]
  /** Slices made of core/v1 Endpoints; only to be used for Services that have no EndpointSlice. */
  readonly fromEndpoints: readonly EndpointSlice[]
  /** Kinds that this program does not read, `apiVersion/Kind` to number. */
  readonly ignored: ReadonlyMap<string, number>
  /** What was no Kubernetes object: where in the document (`items[3]`), and why. */
  readonly problems: readonly { readonly at: string; readonly why: string }[]
}

/** Reads one object by its apiVersion and kind; undefined for kinds that this program does not read. */
export function readObject(json: unknown): KubeObject | undefined {
  return isJsonObject(json) ? readAs(json, text(json, 'apiVersion'), text(json, 'kind')) : undefined
}

/**
 * Reads an API list, a kubectl `List`, a single object, or an array of any of these.
 *
 * Never throws: what is not a Kubernetes object is reported in `problems`.
 */
export function readList(json: unknown): ReadList {
  const result = {
    objects: [] as KubeObject[],
    fromEndpoints: [] as EndpointSlice[],
    ignored: new Map<string, number>(),
    problems: [] as { at: string; why: string }[],
  }
  readInto(json, { at: '', apiVersion: '', kind: '' }, result)
  return result
}

/** Sorts what documents held by kind; slices made of Endpoints fill in for Services that no EndpointSlice names. */
export function groupObjects(lists: readonly ReadList[]): ClusterObjects {
  const of = <Kind extends KubeObject['kind']>(...kinds: Kind[]): Extract<KubeObject, { kind: Kind }>[] =>
    lists.flatMap((list) =>
      list.objects.filter((object): object is Extract<KubeObject, { kind: Kind }> =>
        (kinds as readonly string[]).includes(object.kind),
      ),
    )
  const slices = of('EndpointSlice')
  const sliced = new Set(slices.map((slice) => `${slice.meta.namespace}/${slice.service}`))
  const derived = lists
    .flatMap((list) => list.fromEndpoints)
    .filter((slice) => !sliced.has(`${slice.meta.namespace}/${slice.service}`))
  return {
    namespaces: of('Namespace'),
    services: of('Service'),
    endpointSlices: [...slices, ...derived],
    pods: of('Pod'),
    nodes: of('Node'),
    configMaps: of('ConfigMap'),
    workloads: of('Deployment', 'DaemonSet', 'StatefulSet'),
    networkPolicies: of('NetworkPolicy'),
    events: of('Event'),
    serviceImports: of('ServiceImport'),
    clusterRoles: of('ClusterRole'),
    clusterRoleBindings: of('ClusterRoleBinding'),
    ciliumNetworkPolicies: of('CiliumNetworkPolicy'),
    ciliumLocalRedirectPolicies: of('CiliumLocalRedirectPolicy'),
  }
}

interface Place {
  readonly at: string
  /** What a typed list (`PodList`) says of items that do not say it themselves. */
  readonly apiVersion: string
  readonly kind: string
}

interface Collected {
  readonly objects: KubeObject[]
  readonly fromEndpoints: EndpointSlice[]
  readonly ignored: Map<string, number>
  readonly problems: { at: string; why: string }[]
}

function readInto(json: unknown, place: Place, into: Collected): void {
  if (Array.isArray(json)) {
    for (const [index, item] of json.entries()) readInto(item, { ...place, at: `${place.at}[${index}]` }, into)
    return
  }
  const at = place.at === '' ? 'document' : place.at
  if (!isJsonObject(json)) {
    into.problems.push({ at, why: `not an object but ${json === null ? 'null' : typeof json}` })
    return
  }
  const apiVersion = text(json, 'apiVersion') || place.apiVersion
  const kind = text(json, 'kind') || place.kind
  if (kind === 'Status' && apiVersion === 'v1') {
    into.problems.push({ at, why: `an error of the API server: ${text(json, 'message') || text(json, 'reason')}` })
  } else if (Array.isArray(json['items']) && (kind === '' || kind.endsWith('List'))) {
    const itemPlace = { apiVersion: kind === 'List' ? '' : apiVersion, kind: kind.slice(0, -'List'.length) }
    for (const [index, item] of json['items'].entries()) {
      readInto(item, { ...itemPlace, at: `${place.at}${place.at === '' ? '' : '.'}items[${index}]` }, into)
    }
  } else if (kind.endsWith('List') && (json['items'] === null || json['items'] === undefined)) {
    return
  } else if (kind === '' || apiVersion === '') {
    into.problems.push({ at, why: `no Kubernetes object: ${kind === '' ? 'kind' : 'apiVersion'} is missing` })
  } else if (kind === 'Endpoints' && apiVersion === 'v1') {
    into.fromEndpoints.push(...readEndpoints(json))
  } else {
    const object = readAs(json, apiVersion, kind)
    if (object === undefined)
      into.ignored.set(`${apiVersion}/${kind}`, (into.ignored.get(`${apiVersion}/${kind}`) ?? 0) + 1)
    else if (object.meta.name === '') into.problems.push({ at, why: `${kind} without metadata.name` })
    else into.objects.push(object)
  }
}

function readAs(json: Json, apiVersion: string, kind: string): KubeObject | undefined {
  const slash = apiVersion.indexOf('/')
  const reader = READERS[`${slash < 0 ? '' : apiVersion.slice(0, slash)}/${kind}`]
  return reader?.(json)
}
