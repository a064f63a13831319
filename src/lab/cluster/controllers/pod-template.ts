// A pod as its workload makes it.
import { objectAt, textMapAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'

export interface FromTemplate {
  readonly owner: RawObject
  readonly name: string
  /** Beside the template's own. */
  readonly labels: Readonly<Record<string, string>>
  readonly generateName: string
  /** Beside the template's own. */
  readonly spec: Readonly<Record<string, unknown>>
}

/** Makes the pod that a workload's template describes. */
export function podFromTemplate({ owner, name, labels, generateName, spec }: FromTemplate): RawObject {
  const template = objectAt(owner, 'spec', 'template')
  const annotations = textMapAt(template, 'metadata', 'annotations')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: owner.metadata.namespace ?? 'default',
      generateName,
      labels: { ...textMapAt(template, 'metadata', 'labels'), ...labels },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [ownerReference(owner)],
    },
    spec: { ...objectAt(template, 'spec'), ...spec },
    status: { phase: 'Pending' },
  }
}

/** The reference by which an object names its controller. */
export function ownerReference({ apiVersion, kind, metadata }: RawObject): Record<string, unknown> {
  const { name, uid } = metadata
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}

/** Whether an object names `owner` as its controller. */
export function isOwnedBy(object: RawObject, owner: RawObject): boolean {
  const references = object.metadata['ownerReferences']
  return (
    Array.isArray(references) && references.some((reference: { uid?: unknown }) => reference.uid === owner.metadata.uid)
  )
}
