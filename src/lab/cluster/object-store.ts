// All objects of one lab in memory, with one revision counter and a bounded history, as etcd is to a real API server.
import { randomUUID } from 'node:crypto'
import { keyOf, objectKey } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { resourceId } from './resource-types.ts'
import type { ResourceType } from './resource-types.ts'

export interface StoreEvent {
  readonly revision: number
  readonly change: 'added' | 'deleted' | 'modified'
  readonly type: ResourceType
  /** The object after the change; a deleted one carries the revision of its deletion. */
  readonly object: RawObject
  readonly before?: RawObject
}

export type WriteOutcome =
  | { readonly kind: 'written'; readonly object: RawObject }
  | { readonly kind: 'conflict'; readonly current: RawObject }
  | { readonly kind: 'exists'; readonly current: RawObject }
  | { readonly kind: 'not-found' }

/** Events kept for watches that resume; older revisions are answered with 410 Gone. */
const DEFAULT_HISTORY = 2048

export class ObjectStore {
  readonly #objects = new Map<string, Map<string, RawObject>>()
  readonly #listeners = new Set<(event: StoreEvent) => void>()
  readonly #now: () => number
  readonly #historyLimit: number
  readonly #unannounced: StoreEvent[] = []
  #history: StoreEvent[] = []
  #revision = 1000
  #forgotten = 1000

  constructor(options: { readonly now: () => number; readonly historyLimit?: number }) {
    this.#now = options.now
    this.#historyLimit = options.historyLimit ?? DEFAULT_HISTORY
  }

  /** The revision of the latest change. */
  get revision(): number {
    return this.#revision
  }

  get(type: ResourceType, namespace: string | undefined, name: string): RawObject | undefined {
    return this.#of(type).get(objectKey(type.namespaced ? namespace : undefined, name))
  }

  /** Objects in the order of their keys, as etcd gives them; of one namespace when given. */
  list(type: ResourceType, namespace?: string): RawObject[] {
    const objects = [...this.#of(type).values()]
    const wanted =
      namespace === undefined ? objects : objects.filter((object) => object.metadata.namespace === namespace)
    return wanted.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  create(type: ResourceType, object: RawObject): WriteOutcome {
    const current = this.#of(type).get(keyOf(object))
    if (current !== undefined) return { kind: 'exists', current }
    const metadata = {
      ...object.metadata,
      uid: object.metadata.uid ?? randomUUID(),
      creationTimestamp: object.metadata.creationTimestamp ?? this.timestamp(),
    }
    return { kind: 'written', object: this.#write('added', type, { ...object, metadata }) }
  }

  /** Replaces an object; a resourceVersion in it that is not the current one is a conflict. Without a change nothing is written. */
  update(type: ResourceType, object: RawObject): WriteOutcome {
    const current = this.#of(type).get(keyOf(object))
    if (current === undefined) return { kind: 'not-found' }
    const { resourceVersion } = object.metadata
    const isStale = resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion
    if (isStale) return { kind: 'conflict', current }
    const { uid, creationTimestamp } = current.metadata
    const metadata = {
      ...object.metadata,
      uid,
      creationTimestamp,
      resourceVersion: current.metadata.resourceVersion,
    } as RawObject['metadata']
    const next = { ...object, metadata }
    if (isSameJson(next, current)) return { kind: 'written', object: current }
    return { kind: 'written', object: this.#write('modified', type, next, current) }
  }

  delete(type: ResourceType, namespace: string | undefined, name: string): RawObject | undefined {
    const current = this.get(type, namespace, name)
    if (current === undefined) return undefined
    return this.#write('deleted', type, current, current)
  }

  /** Every event after a revision, or `gone` when the history no longer reaches back that far. */
  since(revision: number): readonly StoreEvent[] | 'gone' {
    if (revision < this.#forgotten) return 'gone'
    return this.#history.filter((event) => event.revision > revision)
  }

  /** Forgets the history, so that every watch that resumes is told 410 Gone: what a compaction of etcd does. */
  compact(): void {
    this.#history = []
    this.#forgotten = this.#revision
  }

  /** Calls `listener` after each change, in order; the result ends that. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The present moment as objects write it, RFC 3339 in whole seconds. */
  timestamp(): string {
    return new Date(this.#now()).toISOString().replace(/\.\d+Z$/, 'Z')
  }

  #of(type: ResourceType): Map<string, RawObject> {
    const id = resourceId(type)
    const known = this.#objects.get(id)
    if (known !== undefined) return known
    const fresh = new Map<string, RawObject>()
    this.#objects.set(id, fresh)
    return fresh
  }

  #write(change: StoreEvent['change'], type: ResourceType, object: RawObject, before?: RawObject): RawObject {
    this.#revision += 1
    const revision = this.#revision
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
    if (change === 'deleted') this.#of(type).delete(keyOf(object))
    else this.#of(type).set(keyOf(object), written)
    const event: StoreEvent = { revision, change, type, object: written, ...(before === undefined ? {} : { before }) }
    this.#history.push(event)
    // Cut in halves, not one by one: a shift per write would cost the whole history each time.
    if (this.#history.length > this.#historyLimit) {
      const dropped = this.#history.splice(0, Math.ceil(this.#historyLimit / 2))
      this.#forgotten = dropped.at(-1)?.revision ?? this.#forgotten
    }
    this.#announce(event)
    return written
  }

  // A listener may write: its events wait until all listeners have heard of this one, so that nobody hears them out of order.
  #announce(event: StoreEvent): void {
    this.#unannounced.push(event)
    if (this.#unannounced.length > 1) return
    for (let next = this.#unannounced[0]; next !== undefined; next = this.#unannounced[0]) {
      try {
        for (const listener of this.#listeners) listener(next)
      } finally {
        this.#unannounced.shift()
      }
    }
  }
}

function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const leftKeys = Object.keys(left).filter((key) => Reflect.get(left, key) !== undefined)
  const rightKeys = Object.keys(right).filter((key) => Reflect.get(right, key) !== undefined)
  return (
    leftKeys.length === rightKeys.length &&
    leftKeys.every((key) => Object.hasOwn(right, key) && isSameJson(Reflect.get(left, key), Reflect.get(right, key)))
  )
}
