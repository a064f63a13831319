// Objects between the versions they are served in. Only EndpointSlice has two here.
import { isJsonObject } from '../../kube/objects/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import { objectsAt, textMapAt } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { groupVersionOf } from './resource-types.ts'
import type { ResourceType } from './resource-types.ts'

const HOSTNAME = 'kubernetes.io/hostname'
const ZONE = 'topology.kubernetes.io/zone'

/** Brings an object of any served version to the version it is kept in. */
export function toStoredVersion(type: ResourceType, object: RawObject): RawObject {
  const stored = groupVersionOf(type.group, type.version)
  if (object.apiVersion === stored) return object
  return { ...object, apiVersion: stored, endpoints: objectsAt(object, 'endpoints').map(withoutTopology) }
}

/** Shows a kept object in the version that was asked for. */
export function toServedVersion(type: ResourceType, version: string, object: RawObject): RawObject {
  if (version === type.version) return object
  const apiVersion = groupVersionOf(type.group, version)
  return { ...object, apiVersion, endpoints: objectsAt(object, 'endpoints').map(withTopology) }
}

// --- EndpointSlice: v1beta1 tells node and zone in `topology`, v1 in fields of their own (KEP-752) ---

function withoutTopology(endpoint: Json): Json {
  const { topology, ...rest } = endpoint
  if (!isJsonObject(topology)) return endpoint
  const { [HOSTNAME]: nodeName, [ZONE]: zone, ...deprecatedTopology } = textMapAt({ topology }, 'topology')
  return {
    ...rest,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(Object.keys(deprecatedTopology).length === 0 ? {} : { deprecatedTopology }),
  }
}

function withTopology(endpoint: Json): Json {
  const { nodeName, zone, deprecatedTopology, ...rest } = endpoint
  const topology = {
    ...(isJsonObject(deprecatedTopology) ? deprecatedTopology : {}),
    ...(typeof nodeName === 'string' ? { [HOSTNAME]: nodeName } : {}),
    ...(typeof zone === 'string' ? { [ZONE]: zone } : {}),
  }
  return Object.keys(topology).length === 0 ? rest : { ...rest, topology }
}
