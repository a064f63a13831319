// What goes with a deleted object: all that it owned, or all that was in a namespace.
import type { ObjectStore } from '../object-store.ts'
import { objectsAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { RESOURCE_TYPES } from '../resource-types.ts'

/** Deletes the dependents of a deleted object; with `orphan` they only lose their owner. */
export function collectGarbage(store: ObjectStore, owner: RawObject, options: { readonly orphan: boolean }): void {
  for (const type of RESOURCE_TYPES) {
    for (const object of store.list(type)) {
      const { namespace, name } = object.metadata
      const isInside = owner.kind === 'Namespace' && namespace === owner.metadata.name
      const owners = objectsAt(object, 'metadata', 'ownerReferences')
      const isOwned = owners.some((reference) => reference['uid'] === owner.metadata.uid)
      if (!isInside && !isOwned) continue
      if (isOwned && options.orphan) {
        const ownerReferences = owners.filter((reference) => reference['uid'] !== owner.metadata.uid)
        store.update(type, { ...object, metadata: { ...object.metadata, ownerReferences } })
        continue
      }
      const deleted = store.delete(type, namespace, name)
      if (deleted !== undefined) collectGarbage(store, deleted, options)
    }
  }
}
