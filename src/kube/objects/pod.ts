import { optionalUniqueText, uniqueText, child, children, flag, number, optional, optionalText, text } from './json.ts'
import type { Json } from './json.ts'
import { readMeta } from './meta.ts'
import { readPodSpec } from './pod-spec.ts'
import type { ContainerStatus, Pod } from './types.ts'

/** Reads a v1 Pod. Objects of API servers older than 1.16 have `podIP` only, which stands for the list. */
export function readPod(json: Json): Pod {
  const status = child(json, 'status')
  const conditions = readConditions(status)
  return {
    kind: 'Pod',
    meta: readMeta(json),
    spec: readPodSpec(child(json, 'spec')),
    phase: text(status, 'phase'),
    podIPs: readPodIPs(status),
    hostIP: text(status, 'hostIP'),
    ...optional('startTime', optionalUniqueText(status, 'startTime')),
    ready: conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    conditions,
    containerStatuses: children(status, 'containerStatuses').map(readContainerStatus),
  }
}

/** Reads `status.conditions` of a Pod or Node. */
export function readConditions(status: Json): Pod['conditions'] {
  return children(status, 'conditions').map((condition) => ({
    type: text(condition, 'type'),
    status: text(condition, 'status'),
    ...optional('reason', optionalText(condition, 'reason')),
    ...optional('message', optionalText(condition, 'message')),
  }))
}

function readPodIPs(status: Json): readonly string[] {
  const listed = children(status, 'podIPs')
    .map((entry) => uniqueText(entry, 'ip'))
    .filter((ip) => ip !== '')
  if (listed.length > 0) return listed
  const single = uniqueText(status, 'podIP')
  return single === '' ? [] : [single]
}

function readContainerStatus(json: Json): ContainerStatus {
  return {
    name: text(json, 'name'),
    ready: flag(json, 'ready'),
    restartCount: number(json, 'restartCount'),
    state: readState(child(json, 'state')),
    ...optional('lastTerminationReason', optionalText(child(child(json, 'lastState'), 'terminated'), 'reason')),
    ...optional('containerId', optionalUniqueText(json, 'containerID')),
  }
}

function readState(state: Json): string {
  for (const phase of ['waiting', 'terminated'] as const) {
    if (!(phase in state)) continue
    const reason = text(child(state, phase), 'reason')
    return reason === '' ? phase : `${phase}:${reason}`
  }
  return 'running' in state ? 'running' : 'waiting'
}
