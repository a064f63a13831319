// Events as controllers and kubelets record them: the same thing again raises a count instead of making a new object.
import { createHash } from 'node:crypto'
import type { ObjectStore } from './object-store.ts'
import { numberAt, textAt } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { EVENT_TYPE } from './resource-types.ts'

export interface EventToRecord {
  readonly reason: string
  readonly message: string
  readonly type: 'Normal' | 'Warning'
  /** `kubelet`, `default-scheduler`. */
  readonly component: string
  /** The node it was seen on. */
  readonly host?: string
}

/** Records an event about an object. */
export function recordEvent(store: ObjectStore, about: RawObject, event: EventToRecord): void {
  const { name, namespace = 'default', uid } = about.metadata
  const { reason, message, type, component, host } = event
  const now = store.timestamp()
  const same = store
    .list(EVENT_TYPE, namespace)
    .find(
      (known) =>
        textAt(known, 'involvedObject', 'name') === name &&
        textAt(known, 'reason') === reason &&
        textAt(known, 'message') === message,
    )
  if (same !== undefined) {
    store.update(EVENT_TYPE, { ...same, count: numberAt(same, 'count') + 1, lastTimestamp: now })
    return
  }
  const id = createHash('sha256').update(`${uid}/${reason}/${message}`).digest('hex').slice(0, 16)
  store.create(EVENT_TYPE, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${id}`, namespace },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, name, namespace, uid },
    reason,
    message,
    type,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: '',
    reportingInstance: '',
  })
}
