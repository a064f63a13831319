// Reads the objects from the API server: one list per resource, whatever the cluster's size, pages apart. What may not be
// read is remembered, never fatal.
import { KubeApiError, describeRequest, type KubeClient } from '../../kube/api/index.ts'
import { groupObjects, readList, type ClusterObjects, type ReadList } from '../../kube/objects/index.ts'
import type { MissingFact, ServerVersion } from './facts.ts'

/** Which lists are read; a caller that needs few asks for few. */
export type FactKind =
  | 'ciliumLocalRedirectPolicies'
  | 'ciliumNetworkPolicies'
  | 'clusterRoleBindings'
  | 'clusterRoles'
  | 'configMaps'
  | 'daemonSets'
  | 'deployments'
  | 'endpointSlices'
  | 'events'
  | 'namespaces'
  | 'networkPolicies'
  | 'nodes'
  | 'pods'
  | 'serverVersion'
  | 'services'
  | 'statefulSets'

export const ALL_FACT_KINDS: readonly FactKind[] = [
  'ciliumLocalRedirectPolicies',
  'ciliumNetworkPolicies',
  'clusterRoleBindings',
  'clusterRoles',
  'configMaps',
  'daemonSets',
  'deployments',
  'endpointSlices',
  'events',
  'namespaces',
  'networkPolicies',
  'nodes',
  'pods',
  'serverVersion',
  'services',
  'statefulSets',
]

/** Paths to try in order: a server that is too old for one answers 404. */
const LISTS: Readonly<Record<Exclude<FactKind, 'serverVersion'>, readonly string[]>> = {
  ciliumLocalRedirectPolicies: ['/apis/cilium.io/v2/ciliumlocalredirectpolicies'],
  ciliumNetworkPolicies: ['/apis/cilium.io/v2/ciliumnetworkpolicies'],
  clusterRoleBindings: ['/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
  clusterRoles: ['/apis/rbac.authorization.k8s.io/v1/clusterroles'],
  configMaps: ['/api/v1/namespaces/kube-system/configmaps'],
  daemonSets: ['/apis/apps/v1/daemonsets'],
  deployments: ['/apis/apps/v1/deployments'],
  endpointSlices: [
    '/apis/discovery.k8s.io/v1/endpointslices',
    '/apis/discovery.k8s.io/v1beta1/endpointslices',
    '/api/v1/endpoints',
  ],
  events: ['/api/v1/events'],
  namespaces: ['/api/v1/namespaces'],
  networkPolicies: ['/apis/networking.k8s.io/v1/networkpolicies'],
  nodes: ['/api/v1/nodes'],
  pods: ['/api/v1/pods'],
  services: ['/api/v1/services'],
  statefulSets: ['/apis/apps/v1/statefulsets'],
}

/** Of extensions that a cluster may lack. */
const OPTIONAL: ReadonlySet<FactKind> = new Set(['ciliumLocalRedirectPolicies', 'ciliumNetworkPolicies'])

/** Where CoreDNS's ConfigMap lies when it is not kube-system. */
export const CONFIG_MAP_NAMESPACE = 'kube-system'

export interface ClusterReading {
  readonly objects: ClusterObjects
  readonly serverVersion?: ServerVersion
  readonly missing: readonly MissingFact[]
}

export interface ReadClusterOptions {
  readonly kinds: readonly FactKind[]
  /** For each answer of the API server, milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads all lists at once.
 *
 * What is forbidden, or did not come although other lists did, is missing; with no right at all everything is.
 *
 * @throws {KubeApiError} the API server cannot be reached, does not know the user, or is none
 */
export async function readCluster(client: KubeClient, options: ReadClusterOptions): Promise<ClusterReading> {
  const lists: ReadList[] = []
  const missing: MissingFact[] = []
  const errors: KubeApiError[] = []
  let serverVersion: ServerVersion | undefined
  await Promise.all(
    options.kinds.map(async (kind) => {
      try {
        if (kind === 'serverVersion') serverVersion = await readVersion(client, options)
        else lists.push(...(await readFirst(client, kind, options)))
      } catch (error) {
        if (!(error instanceof KubeApiError) || !isTolerable(error)) throw error
        // A cluster without these resources has none of them: that is known, not missing.
        if (error.code === 'absent' && OPTIONAL.has(kind)) return
        errors.push(error)
        missing.push(missingFact(kind, error))
      }
    }),
  )
  const fatal = errors.filter(({ code }) => code !== 'forbidden')
  const first = fatal.find(({ path }) => path.startsWith('/api/v1/services')) ?? fatal[0]
  if (first !== undefined && lists.length === 0) throw first
  return {
    objects: groupObjects(lists),
    missing: missing.toSorted((a, b) => (a.what < b.what ? -1 : 1)),
    ...(serverVersion === undefined ? {} : { serverVersion }),
  }
}

/** Reads the ConfigMaps of one more namespace: OpenShift keeps its DNS in one of its own. */
export async function readConfigMaps(
  client: KubeClient,
  namespace: string,
  options: ReadClusterOptions,
): Promise<ClusterReading> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`
    return { objects: groupObjects([await readPages(client, path, options)]), missing: [] }
  } catch (error) {
    if (!(error instanceof KubeApiError) || !isTolerable(error)) throw error
    return { objects: groupObjects([]), missing: [missingFact('configMaps', error, namespace)] }
  }
}

async function readFirst(
  client: KubeClient,
  kind: Exclude<FactKind, 'serverVersion'>,
  options: ReadClusterOptions,
): Promise<ReadList[]> {
  const paths = LISTS[kind]
  for (const [index, path] of paths.entries()) {
    try {
      return [await readPages(client, path, options)]
    } catch (error) {
      const isOld = error instanceof KubeApiError && error.code === 'absent' && index < paths.length - 1
      if (!isOld) throw error
    }
  }
  return []
}

async function readPages(client: KubeClient, path: string, options: ReadClusterOptions): Promise<ReadList> {
  let lists: ReadList[] = []
  const { timeoutMs, signal } = options
  for await (const { page, restarted } of client.pages(path, { timeoutMs, signal })) {
    if (restarted) lists = []
    lists.push(readList(page))
  }
  return {
    objects: lists.flatMap((list) => list.objects),
    fromEndpoints: lists.flatMap((list) => list.fromEndpoints),
    ignored: new Map(),
    problems: lists.flatMap((list) => list.problems),
  }
}

async function readVersion(client: KubeClient, { timeoutMs, signal }: ReadClusterOptions): Promise<ServerVersion> {
  const version = (await client.getJson('/version', { timeoutMs, signal })) as Readonly<Record<string, unknown>>
  const { gitVersion } = version
  return parseServerVersion(typeof gitVersion === 'string' ? gitVersion : '')
}

/** Reads `v1.17.6` or `v1.30.4-gke.1348000`; numbers are 0 when there are none. */
export function parseServerVersion(gitVersion: string): ServerVersion {
  const match = /^v?(\d+)\.(\d+)/.exec(gitVersion)
  return { gitVersion, major: Number(match?.[1] ?? 0), minor: Number(match?.[2] ?? 0) }
}

/** Without these the rest still tells something; without a known user nothing does. A connection may break in the middle. */
function isTolerable(error: KubeApiError): boolean {
  return ['absent', 'forbidden', 'refused', 'expired', 'not-kubernetes', 'timeout', 'unreachable'].includes(error.code)
}

function missingFact(kind: FactKind, error: KubeApiError, namespace?: string): MissingFact {
  const needs = error.path === '' ? kind : describeRequest({ method: 'GET', path: error.path })
  const why = error.code === 'forbidden' ? 'forbidden' : error.message
  if (error.code === 'timeout' || error.code === 'unreachable') {
    return { what: kind, why, needs: 'an API server that answers' }
  }
  return { what: namespace === undefined ? kind : `${kind} in ${namespace}`, why, needs }
}
