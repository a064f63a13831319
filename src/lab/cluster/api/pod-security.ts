// Pod Security admission for containers that are added to a pod: the levels that a namespace's label enforces.
import type { Json } from '../../../kube/objects/index.ts'
import type { ObjectStore } from '../object-store.ts'
import { objectAt, objectsAt, textAt, textsAt, valueAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { NAMESPACE_TYPE } from '../resource-types.ts'
import { ApiError } from './api-error.ts'

const ENFORCE = 'pod-security.kubernetes.io/enforce'

/** @throws {ApiError} `Forbidden` when a container that is new does not keep to the namespace's level */
export function checkPodSecurity(store: ObjectStore, before: RawObject, after: RawObject): void {
  const { name, namespace = '' } = after.metadata
  const level = store.get(NAMESPACE_TYPE, undefined, namespace)?.metadata.labels?.[ENFORCE] ?? 'privileged'
  if (level === 'privileged') return
  const known = objectsAt(before, 'spec', 'ephemeralContainers').map((container) => container['name'])
  const added = objectsAt(after, 'spec', 'ephemeralContainers').filter(({ name }) => !known.includes(name))
  const podContext = objectAt(after, 'spec', 'securityContext')
  const broken = added.flatMap((container) => violations(container, level, podContext))
  if (broken.length === 0) return
  throw new ApiError(
    'Forbidden',
    `pods "${name}" is forbidden: violates PodSecurity "${level}:latest": ${broken.join(', ')}`,
    { name, kind: 'pods' },
  )
}

function violations(container: Json, level: string, podContext: Json): string[] {
  const own = objectAt(container, 'securityContext')
  const name = `container "${textAt(container, 'name')}"`
  const found: string[] = []
  if (own['privileged'] === true) found.push(`privileged (${name} must not set securityContext.privileged=true)`)
  if (level !== 'restricted') return found
  if (own['allowPrivilegeEscalation'] !== false) {
    found.push(`allowPrivilegeEscalation != false (${name} must set securityContext.allowPrivilegeEscalation=false)`)
  }
  if (!textsAt(own, 'capabilities', 'drop').includes('ALL')) {
    found.push(`unrestricted capabilities (${name} must set securityContext.capabilities.drop=["ALL"])`)
  }
  if ((own['runAsNonRoot'] ?? podContext['runAsNonRoot']) !== true) {
    found.push(`runAsNonRoot != true (pod or ${name} must set securityContext.runAsNonRoot=true)`)
  }
  const profile = textAt(own, 'seccompProfile', 'type') || textAt(podContext, 'seccompProfile', 'type')
  if (profile !== 'RuntimeDefault' && profile !== 'Localhost') {
    found.push(
      `seccompProfile (pod or ${name} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
    )
  }
  if ((valueAt(own, 'runAsUser') ?? valueAt(podContext, 'runAsUser')) === 0) {
    found.push(`runAsUser=0 (pod or ${name} must not set runAsUser=0)`)
  }
  return found
}
