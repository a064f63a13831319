import { child, number, optional, optionalText, text, uniqueText, type Json } from './json.ts'
import { readMeta } from './meta.ts'
import type { ClusterEvent } from './types.ts'

/** Reads a v1 or events.k8s.io Event, which name the same things differently. */
export function readEvent(json: Json): ClusterEvent {
  const regarding = 'regarding' in json ? child(json, 'regarding') : child(json, 'involvedObject')
  const series = child(json, 'series')
  const lastSeen =
    optionalText(series, 'lastObservedTime') ??
    optionalText(json, 'lastTimestamp') ??
    optionalText(json, 'deprecatedLastTimestamp') ??
    optionalText(json, 'eventTime')
  return {
    kind: 'Event',
    meta: readMeta(json),
    regarding: {
      kind: text(regarding, 'kind'),
      namespace: text(regarding, 'namespace'),
      name: text(regarding, 'name'),
    },
    reason: text(json, 'reason'),
    message: uniqueText(json, 'message') || uniqueText(json, 'note'),
    type: text(json, 'type') || 'Normal',
    count: number(series, 'count', number(json, 'count', number(json, 'deprecatedCount', 1))),
    ...optional('lastSeen', lastSeen),
  }
}
