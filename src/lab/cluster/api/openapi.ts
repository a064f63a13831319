// OpenAPI: as much as kubectl asks before it applies or explains something. The schemas say nothing of fields, so clients leave
// validation to the server.
import type { Json } from '../../../kube/objects/index.ts'
import { RESOURCE_TYPES, groupVersionOf, versionsOf } from '../resource-types.ts'
import type { ResourceType } from '../resource-types.ts'

/** Where each group and version has its OpenAPI v3 document. */
export function openApiIndex(): Json {
  const groupVersions = new Set(
    RESOURCE_TYPES.flatMap((type) => versionsOf(type).map((version) => groupVersionOf(type.group, version))),
  )
  const paths = [...groupVersions].map((groupVersion) => {
    const root = groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`
    return [root, { serverRelativeURL: `/openapi/v3/${root}?hash=lab` }]
  })
  return { paths: Object.fromEntries(paths) as Json }
}

/**
 * The OpenAPI v3 document of one group and version, such as `/openapi/v3/apis/apps/v1`; undefined for an unknown one.
 *
 * It names each kind's PATCH operation and no `fieldValidation` parameter: that is how kubectl learns that this server, like
 * 1.17, does not validate fields strictly.
 */
export function openApiDocument(path: string): Json | undefined {
  const root = path.replace(/^\/openapi\/v3\//, '')
  const types = RESOURCE_TYPES.flatMap((type) => versionsOf(type).map((version) => ({ type, version }))).filter(
    ({ type, version }) => root === (type.group === '' ? `api/${version}` : `apis/${type.group}/${version}`),
  )
  if (types.length === 0) return undefined
  const paths = types.map(({ type, version }) => {
    const scope = type.namespaced ? '/namespaces/{namespace}' : ''
    const kind = { group: type.group, version, kind: type.kind }
    const patch = {
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': kind,
      parameters: [],
      responses: {},
    }
    return [`/${root}${scope}/${type.plural}/{name}`, { parameters: [], patch }]
  })
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.fromEntries(paths) as Json,
    components: { schemas: Object.fromEntries(types.map(schemaOf)) as Json },
  }
}

/** What `kubectl explain` prints: that it must be asked elsewhere. */
function schemaOf({ type, version }: { readonly type: ResourceType; readonly version: string }): [string, Json] {
  const { group, kind } = type
  return [
    [group === '' ? 'core' : group, version, kind].join('.'),
    {
      description:
        'The lab has no documentation of fields: ask a real cluster, or read the API reference of Kubernetes.',
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group, version, kind }],
    },
  ]
}
