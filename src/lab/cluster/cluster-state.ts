// Fills an object store from a description: the state a lab starts with.
import { toStoredVersion } from './convert-version.ts'
import type { ClusterDescription } from './description.ts'
import { LabError } from './lab-error.ts'
import { moveTimes } from './move-times.ts'
import { ObjectStore } from './object-store.ts'
import { resourceTypeOf } from './resource-types.ts'

/** Makes a store that holds the described objects, their times moved so that ages are as described. */
export function createStore(description: ClusterDescription, now: () => number): ObjectStore {
  const store = new ObjectStore({ now })
  const byMs = description.readAt === undefined ? 0 : now() - description.readAt
  for (const object of description.objects) {
    const type = resourceTypeOf(object.apiVersion, object.kind)
    if (type === undefined) {
      throw new LabError(
        'bad-description',
        `Cannot keep ${object.kind} "${object.metadata.name}": unknown ${object.apiVersion}`,
      )
    }
    const namespaced = type.namespaced && object.metadata.namespace === undefined
    const metadata = namespaced ? { ...object.metadata, namespace: 'default' } : object.metadata
    store.create(type, toStoredVersion(type, moveTimes({ ...object, metadata }, byMs)))
  }
  store.compact()
  return store
}
