// Ephemeral containers: what a pod's subresource may change, and what kubelet then says about them.
import type { Json } from '../../../kube/objects/index.ts'
import { objectAt, objectsAt, textAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { ApiError } from './api-error.ts'

/**
 * The pod with the ephemeral containers of `wanted`, and nothing else of it.
 *
 * @throws {ApiError} `Invalid` when one that is there is missing or changed: they can only be added
 */
export function withEphemeralContainers(pod: RawObject, wanted: RawObject): RawObject {
  const before = objectsAt(pod, 'spec', 'ephemeralContainers')
  const after = objectsAt(wanted, 'spec', 'ephemeralContainers')
  const { name } = pod.metadata
  const invalid = (why: string): ApiError =>
    new ApiError('Invalid', `Pod "${name}" is invalid: spec.ephemeralContainers: ${why}`)
  for (const container of before) {
    const same = after.find((candidate) => candidate['name'] === container['name'])
    if (same === undefined)
      throw invalid(`Forbidden: existing ephemeral containers "${textAt(container, 'name')}" may not be removed`)
    if (textAt(same, 'image') !== textAt(container, 'image'))
      throw invalid(`Forbidden: existing ephemeral containers "${textAt(container, 'name')}" may not be changed`)
  }
  const names = [...objectsAt(pod, 'spec', 'containers'), ...after].map((container) => textAt(container, 'name'))
  const twice = names.find((candidate, index) => candidate === '' || names.indexOf(candidate) !== index)
  if (twice !== undefined) throw invalid(twice === '' ? 'Required value: name' : `Duplicate value: "${twice}"`)
  if (after.some((container) => textAt(container, 'image') === '')) throw invalid('Required value: image')
  return { ...pod, spec: { ...objectAt(pod, 'spec'), ephemeralContainers: after } }
}

/**
 * The pod's status with those that have just been added.
 *
 * Images come from nowhere in a lab: one that its node does not list and that must not be pulled never starts.
 */
export function startEphemeralContainers(pod: RawObject, node: Json, now: string): RawObject {
  const known = objectsAt(pod, 'status', 'ephemeralContainerStatuses')
  const images = objectsAt(node, 'status', 'images').flatMap((image) => image['names'] ?? [])
  const added = objectsAt(pod, 'spec', 'ephemeralContainers')
    .filter((container) => !known.some((status) => status['name'] === container['name']))
    .map((container) => {
      const image = textAt(container, 'image')
      const isAbsent = textAt(container, 'imagePullPolicy') === 'Never' && !images.includes(image)
      const waiting = {
        reason: 'ErrImageNeverPull',
        message: `Container image "${image}" is not present with pull policy of Never`,
      }
      const state = isAbsent ? { waiting } : { running: { startedAt: now } }
      return {
        name: textAt(container, 'name'),
        image,
        imageID: '',
        ready: false,
        restartCount: 0,
        lastState: {},
        state,
      }
    })
  return { ...pod, status: { ...objectAt(pod, 'status'), ephemeralContainerStatuses: [...known, ...added] } }
}
