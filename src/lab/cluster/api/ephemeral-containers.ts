// Ephemeral containers: what a pod's subresource may change.
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
