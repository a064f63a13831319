// The scale subresource: a workload's replicas as an autoscaling/v1 Scale.
import type { Json } from '../../../kube/objects/index.ts'
import { numberAt, objectAt, textMapAt, valueAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { formatLabels } from './table/column.ts'
import { ApiError } from './api-error.ts'

/** The Scale that stands for a workload. */
export function scaleOf(workload: RawObject): Json {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = workload.metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(workload, 'spec', 'replicas') },
    status: {
      replicas: numberAt(workload, 'status', 'replicas'),
      selector: formatLabels(textMapAt(workload, 'spec', 'selector', 'matchLabels')),
    },
  }
}

/** The workload with a Scale's replicas. @throws {ApiError} `Invalid` */
export function withScale(workload: RawObject, scale: Json): RawObject {
  const replicas = valueAt(scale, 'spec', 'replicas') ?? 0
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw new ApiError(
      'Invalid',
      `Scale "${workload.metadata.name}" is invalid: spec.replicas: must be a whole number from 0 on`,
    )
  }
  return { ...workload, spec: { ...objectAt(workload, 'spec'), replicas } }
}
