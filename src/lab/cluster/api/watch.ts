// One watch: events from the history since a revision, then live ones, as newline-separated JSON (or a Table per event).
import type { ServerResponse } from 'node:http'
import type { Json } from '../../../kube/objects/index.ts'
import type { ObjectStore, StoreEvent } from '../object-store.ts'
import type { RawObject } from '../raw-object.ts'
import { ApiError, statusObject } from './api-error.ts'

export interface WatchOptions {
  /** Undefined: start with the present state, as `ADDED` events. */
  readonly since: number | undefined
  /** The present state is sent first and its end marked by a bookmark (KEP-3157). */
  readonly sendInitialEvents: boolean
  readonly bookmarks: boolean
  readonly timeoutMs: number
  /** Whether an object is in the watched set. */
  readonly matches: (object: RawObject) => boolean
  /** The set as it is now. */
  readonly current: () => readonly RawObject[]
  /** Whether an event belongs to the watched resource. */
  readonly concerns: (event: StoreEvent) => boolean
  /** How an object is shown: itself in the wanted version, or a Table of one row. */
  readonly render: (object: RawObject) => Json
  /** The empty object that a bookmark carries. */
  readonly bookmark: (revision: number, initialEventsEnd: boolean) => Json
}

/** A client that reads slower than this much of backlog, in octets, is cut off instead of filling our memory. */
const BACKLOG_LIMIT = 16 * 1024 * 1024
const BOOKMARK_INTERVAL_MS = 60_000

/** Serves one watch until the client leaves, the time is up or the server closes. */
export function serveWatch(store: ObjectStore, response: ServerResponse, options: WatchOptions): void {
  const missed = options.since === undefined ? [] : store.since(options.since)
  if (missed === 'gone') {
    const error = new ApiError('Expired', `too old resource version: ${options.since} (${store.revision})`)
    start(response)
    response.end(line({ type: 'ERROR', object: statusObject(error) }))
    return
  }
  start(response)
  const send = (event: Json): void => {
    if (response.writableLength > BACKLOG_LIMIT) response.destroy()
    else response.write(line(event))
  }
  const sendBookmark = (end: boolean): void => send({ type: 'BOOKMARK', object: options.bookmark(store.revision, end) })
  const sendEvent = (event: StoreEvent): void => {
    const shown = shownChange(event, options)
    if (shown !== undefined) send({ type: shown.type, object: options.render(shown.object) })
  }
  if (options.since === undefined) {
    for (const object of options.current()) send({ type: 'ADDED', object: options.render(object) })
    if (options.sendInitialEvents) sendBookmark(true)
  }
  for (const event of missed) sendEvent(event)
  const unsubscribe = store.subscribe(sendEvent)
  const bookmarks = options.bookmarks ? setInterval(() => sendBookmark(false), BOOKMARK_INTERVAL_MS) : undefined
  const timeout = setTimeout(() => {
    if (options.bookmarks) sendBookmark(false)
    response.end()
  }, options.timeoutMs)
  response.once('close', () => {
    unsubscribe()
    clearInterval(bookmarks)
    clearTimeout(timeout)
  })
}

/** What a change of the store is to this watch: an object that no longer matches is deleted for it. */
function shownChange(event: StoreEvent, options: WatchOptions): { type: string; object: RawObject } | undefined {
  if (!options.concerns(event)) return undefined
  const isIn = event.change !== 'deleted' && options.matches(event.object)
  const wasIn = event.before !== undefined && options.matches(event.before)
  if (isIn) return { type: wasIn ? 'MODIFIED' : 'ADDED', object: event.object }
  if (!wasIn) return undefined
  // The state that last matched, under the revision of the change, so that a client that resumes does not see it again.
  const { resourceVersion } = event.object.metadata
  const before = event.before ?? event.object
  return {
    type: 'DELETED',
    object: {
      ...before,
      metadata: { ...before.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    },
  }
}

function start(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  response.flushHeaders()
}

function line(event: Json): string {
  return `${JSON.stringify(event)}\n`
}
