// Discovery: what groups, versions and resources there are, in the legacy form and in the aggregated one (KEP-3352).
import type { Json } from '../../../kube/objects/index.ts'
import { RESOURCE_TYPES, groupVersionOf, versionsOf } from '../resource-types.ts'
import type { ResourceType } from '../resource-types.ts'

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const
/** Kind and verbs of subresources whose kind is not their parent's. */
const SUBRESOURCES: Readonly<
  Record<
    string,
    { readonly kind?: string; readonly group?: string; readonly version?: string; readonly verbs: string[] }
  >
> = {
  attach: { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  ephemeralcontainers: { verbs: ['get', 'patch', 'update'] },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1beta1', verbs: ['create'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  finalize: { verbs: ['update'] },
  log: { verbs: ['get'] },
  portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
  proxy: { verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  scale: { ...SCALE, verbs: ['get', 'patch', 'update'] },
  status: { verbs: ['get', 'patch', 'update'] },
}

interface GroupVersion {
  readonly group: string
  readonly version: string
}

function groupVersions(): GroupVersion[] {
  const seen = new Map<string, GroupVersion>()
  for (const type of RESOURCE_TYPES) {
    for (const version of versionsOf(type)) {
      seen.set(groupVersionOf(type.group, version), { group: type.group, version })
    }
  }
  return [...seen.values()]
}

function typesOf({ group, version }: GroupVersion): ResourceType[] {
  return RESOURCE_TYPES.filter((type) => type.group === group && versionsOf(type).includes(version))
}

// --- Legacy: /api, /apis, /api/v1, /apis/GROUP, /apis/GROUP/VERSION ---

/** Answers a legacy discovery path; undefined when it is none. */
export function legacyDiscovery(path: string): Json | undefined {
  const parts = path.split('/').filter((part) => part !== '')
  const [prefix, first, second, extra] = parts
  if (extra !== undefined) return undefined
  if (prefix === 'api') {
    if (first === undefined) return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
    return first === 'v1' && second === undefined ? resourceList({ group: '', version: 'v1' }) : undefined
  }
  if (prefix !== 'apis') return undefined
  const groups = apiGroups()
  if (first === undefined) return { kind: 'APIGroupList', apiVersion: 'v1', groups }
  if (second === undefined) {
    const group = groups.find((candidate) => candidate['name'] === first)
    return group === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...group }
  }
  const wanted = groupVersions().find(({ group, version }) => group === first && version === second)
  return wanted === undefined ? undefined : resourceList(wanted)
}

function apiGroups(): Json[] {
  const names = [...new Set(groupVersions().map(({ group }) => group))].filter((group) => group !== '')
  return names.map((name) => {
    const versions = groupVersions()
      .filter(({ group }) => group === name)
      .map(({ version }) => ({ groupVersion: groupVersionOf(name, version), version }))
    return { name, versions, preferredVersion: versions[0] }
  })
}

function resourceList(groupVersion: GroupVersion): Json {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersionOf(groupVersion.group, groupVersion.version),
    resources: typesOf(groupVersion).flatMap((type) => [
      {
        name: type.plural,
        singularName: type.singular,
        namespaced: type.namespaced,
        kind: type.kind,
        verbs: type.verbs,
        ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
        ...(type.categories.length > 0 ? { categories: type.categories } : {}),
      },
      ...type.subresources.map((name) => {
        const { verbs, kind, ...group } = SUBRESOURCES[name] ?? { verbs: ['get'] }
        return {
          name: `${type.plural}/${name}`,
          singularName: '',
          namespaced: type.namespaced,
          kind: kind ?? type.kind,
          verbs,
          ...group,
        }
      }),
    ]),
  }
}

// --- Aggregated: one document each for /api and /apis ---

/** The aggregated document of one root, in `apidiscovery.k8s.io/VERSION`. */
export function aggregatedDiscovery(root: '/api' | '/apis', version: string): Json {
  const wanted = groupVersions().filter(({ group }) => (group === '') === (root === '/api'))
  const names = [...new Set(wanted.map(({ group }) => group))]
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: names.map((name) => ({
      metadata: name === '' ? { creationTimestamp: null } : { name, creationTimestamp: null },
      versions: wanted
        .filter(({ group }) => group === name)
        .map((groupVersion) => ({
          version: groupVersion.version,
          freshness: 'Current',
          resources: typesOf(groupVersion).map((type) => aggregatedResource(type, groupVersion.version)),
        })),
    })),
  }
}

function aggregatedResource(type: ResourceType, version: string): Json {
  const own = { group: type.group, version, kind: type.kind }
  return {
    resource: type.plural,
    responseKind: own,
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
    ...(type.categories.length > 0 ? { categories: type.categories } : {}),
    subresources: type.subresources.map((name) => {
      const known = SUBRESOURCES[name] ?? { verbs: ['get'] }
      const responseKind = {
        group: known.group ?? type.group,
        version: known.version ?? version,
        kind: known.kind ?? type.kind,
      }
      return { subresource: name, responseKind, verbs: known.verbs }
    }),
  }
}
