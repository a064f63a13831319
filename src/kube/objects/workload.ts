// Deployments, DaemonSets and StatefulSets: apps/v1, its betas, and extensions/v1beta1 of clusters before 1.16.
import { child, number, text, textMap, type Json } from './json.ts'
import { readLabelSelector, readMeta } from './meta.ts'
import { readPodSpec } from './pod-spec.ts'
import type { Workload } from './types.ts'

/** Reads a workload of the kind given. */
export function readWorkload(json: Json, kind: Workload['kind']): Workload {
  const spec = child(json, 'spec')
  const status = child(json, 'status')
  const template = child(spec, 'template')
  const isDaemonSet = kind === 'DaemonSet'
  return {
    kind,
    meta: readMeta(json),
    replicas: isDaemonSet ? number(status, 'desiredNumberScheduled') : number(spec, 'replicas', 1),
    readyReplicas: number(status, isDaemonSet ? 'numberReady' : 'readyReplicas'),
    selector: readLabelSelector(child(spec, 'selector')),
    serviceName: text(spec, 'serviceName'),
    template: { labels: textMap(child(template, 'metadata'), 'labels'), spec: readPodSpec(child(template, 'spec')) },
  }
}
