// One kind of object followed for ever: list page by page, watch from there, resume, list again where the past is gone.
// A new list changes only what differs: nothing is blanked, nothing doubled. What is known stays when the API server is gone.
import type { Clock, Timer } from '../../base/index.ts'
import { isJsonObject, type Json } from '../objects/index.ts'
import { createBackoff, type Backoff } from './backoff.ts'
import type { KubeClient } from './client.ts'
import { KubeApiError } from './error.ts'
import { LongLineError, createLineSplitter } from './json-lines.ts'

/** Where a kind of object is served; API servers of different ages serve it under different paths. */
export interface WatchSource {
  /** For messages, as client-go says it: `*v1.EndpointSlice`. */
  readonly type: string
  /** Tried in this order; a path that gives 404 leads to the next. */
  readonly paths: readonly string[]
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}

export interface WatchHandler {
  /** A new or changed object. Must keep nothing of `object`. */
  apply(object: Json, path: string): void
  remove(object: ObjectKey): void
  /** The first list is complete; called once. */
  synced(): void
}

export interface ObjectKey {
  readonly namespace: string
  readonly name: string
}

/** One request, for metrics. */
export interface RequestObservation {
  readonly verb: 'GET'
  /** HTTP status, or `<error>` when there was no answer, as client-go labels it. */
  readonly code: string
  /** Until the head of the response, or for lists its end. */
  readonly durationMs: number
}

export interface WatchOptions {
  readonly client: KubeClient
  readonly source: WatchSource
  readonly handler: WatchHandler
  readonly clock: Clock
  readonly random: () => number
  /** A line for the log: what failed and why; the watch goes on by itself. */
  readonly warn: (line: string) => void
  readonly observe?: (request: RequestObservation) => void
  /** Runs a request when it may be sent; default at once. */
  readonly limit?: <Result>(request: () => Promise<Result>) => Promise<Result>
  /** Objects in one page of a list. Default 500. */
  readonly pageSize?: number
  /** First pause after a failure; default 500. It doubles up to 30 s. */
  readonly firstPauseMs?: number
}

const DEFAULT_PAGE_SIZE = 500
/** Largest object that etcd takes is 1.5 MiB; JSON of it may be larger. */
const LONGEST_EVENT_OCTETS = 16 << 20
const LIST_TIMEOUT_MS = 60_000
const WATCH_HEAD_TIMEOUT_MS = 30_000
/** How long the API server is asked to keep a watch open: 5 to 10 minutes, as client-go asks. */
const WATCH_SECONDS = 300
/** Bookmarks come about once a minute: silence far beyond means that the connection is dead without saying so. */
const SILENCE_AFTER_BOOKMARK_MS = 150_000
const SILENCE_GRACE_MS = 30_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** A watch that ended sooner counts as failed: an API server that closes every watch at once must not be hammered. */
const SHORTEST_WATCH_MS = 1000

/** How a watch ended: resumed where it stopped, or listed anew. */
type WatchEnd = 'list' | 'resume'

/** Follows one kind of object from {@link Watch.start} to {@link Watch.close}. */
export class Watch {
  readonly #options: WatchOptions
  readonly #backoff: Backoff
  /** `namespace/name` of every known object, with its resourceVersion: a list read anew changes only what differs. */
  readonly #known = new Map<string, number | string>()
  #path = 0
  #resourceVersion = ''
  #synced = false
  #closed = false
  #running: Promise<void> | undefined
  #abort = new AbortController()
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined

  constructor(options: WatchOptions) {
    this.#options = options
    const { random, firstPauseMs = FIRST_PAUSE_MS } = options
    this.#backoff = createBackoff({ firstMs: firstPauseMs, longestMs: LONGEST_PAUSE_MS, random })
  }

  /** Whether the first list is complete; stays true. */
  get isSynced(): boolean {
    return this.#synced
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#abort.abort()
    this.#pause?.end()
    await this.#running
  }

  async #run(): Promise<void> {
    let step: WatchEnd = 'list'
    while (!this.#closed) {
      try {
        if (step === 'list') await this.#list()
        step = 'resume'
        step = await this.#watch()
      } catch (error) {
        if (this.#closed) return
        step = await this.#recover(error, step)
      }
    }
  }

  /** Says what failed, waits, and tells where to go on. */
  async #recover(error: unknown, step: WatchEnd): Promise<WatchEnd> {
    const { source, warn } = this.#options
    const verb = step === 'list' ? 'list' : 'watch'
    const api = error instanceof KubeApiError ? error : undefined
    if (verb === 'list' && api?.code === 'absent' && this.#path < source.paths.length - 1) {
      this.#path += 1
      return 'list'
    }
    if (verb === 'watch' && api?.code === 'expired') return 'list'
    if (verb === 'list') this.#path = 0
    warn(`Failed to ${verb} ${source.type}: ${error instanceof Error ? error.message : String(error)}`)
    await this.#wait(api?.retryAfterMs ?? this.#backoff.next())
    return verb === 'watch' && isContentError(error) ? 'list' : step
  }

  // --- List ---

  async #list(): Promise<void> {
    const { client, source, handler, pageSize = DEFAULT_PAGE_SIZE } = this.#options
    const path = source.paths[this.#path] ?? ''
    let unseen = new Set(this.#known.keys())
    let token: string | undefined
    let whole = false
    for (;;) {
      let page: Json
      try {
        const query = { ...selectors(source), ...(whole ? {} : { limit: pageSize, continue: token }) }
        page = await this.#observed(() =>
          client.getJson(path, { query, timeoutMs: LIST_TIMEOUT_MS, signal: this.#abort.signal }),
        )
      } catch (error) {
        // The continue token grew too old between pages: read the list in one piece.
        if (whole || token === undefined || !(error instanceof KubeApiError) || error.code !== 'expired') throw error
        whole = true
        unseen = new Set(this.#known.keys())
        continue
      }
      for (const item of Array.isArray(page['items']) ? page['items'] : []) unseen.delete(this.#apply(item, path))
      const meta = isJsonObject(page['metadata']) ? page['metadata'] : {}
      token = text(meta['continue'])
      if (token === '' || whole) {
        this.#resourceVersion = text(meta['resourceVersion'])
        break
      }
    }
    for (const key of unseen) this.#remove(key)
    this.#backoff.reset()
    if (this.#synced) return
    this.#synced = true
    handler.synced()
  }

  // --- Watch ---

  async #watch(): Promise<WatchEnd> {
    const { client, source, clock, random } = this.#options
    const path = source.paths[this.#path] ?? ''
    const timeoutSeconds = Math.ceil(WATCH_SECONDS * (1 + random()))
    const abort = new AbortController()
    const end = (): void => abort.abort()
    this.#abort.signal.addEventListener('abort', end)
    const silence = new SilenceTimer(clock, end)
    const startedAt = clock.monotonic()
    try {
      silence.expect(WATCH_HEAD_TIMEOUT_MS)
      const query = {
        ...selectors(source),
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: this.#resourceVersion,
        timeoutSeconds,
      }
      const { body } = await this.#observed(() => client.request({ path, query, timeoutMs: 0, signal: abort.signal }))
      silence.expect(timeoutSeconds * 1000 + SILENCE_GRACE_MS)
      const split = createLineSplitter(LONGEST_EVENT_OCTETS)
      for await (const part of body) {
        for (const line of split(part as Buffer)) {
          if (this.#take(line, path) === 'bookmark') silence.expect(SILENCE_AFTER_BOOKMARK_MS)
        }
        silence.heard()
      }
    } catch (error) {
      // The connection was lost, or cut by us because of its silence: resuming is cheap, and says what is wrong if it fails.
      if (this.#closed || error instanceof KubeApiError || isContentError(error)) {
        if (!silence.isOver) throw error
      }
    } finally {
      silence.clear()
      this.#abort.signal.removeEventListener('abort', end)
    }
    if (clock.monotonic() - startedAt >= SHORTEST_WATCH_MS) this.#backoff.reset()
    else if (!this.#closed) await this.#wait(this.#backoff.next())
    return 'resume'
  }

  /** Takes one event. @throws {KubeApiError} `expired` @throws {BrokenWatchError} */
  #take(line: string, path: string): 'bookmark' | 'change' {
    let event: unknown
    try {
      event = JSON.parse(line)
    } catch (error) {
      throw new BrokenWatchError('an event is no JSON', { cause: error })
    }
    if (!isJsonObject(event) || !isJsonObject(event['object'])) throw new BrokenWatchError('an event has no object')
    const { object } = event as { readonly object: Json }
    const version = isJsonObject(object['metadata']) ? text(object['metadata']['resourceVersion']) : ''
    switch (event['type']) {
      case 'ADDED':
      case 'MODIFIED':
        this.#apply(object, path)
        break
      case 'DELETED': {
        const key = keyOf(object)
        if (key !== undefined) this.#remove(key)
        break
      }
      case 'BOOKMARK':
        if (version !== '') this.#resourceVersion = version
        return 'bookmark'
      case 'ERROR':
        throw watchError(object, path)
      default:
        throw new BrokenWatchError(`unknown event type "${String(event['type'])}"`)
    }
    if (version !== '') this.#resourceVersion = version
    return 'change'
  }

  // --- Changes ---

  /** Hands on an object that is new or changed; gives its key. */
  #apply(object: unknown, path: string): string {
    if (!isJsonObject(object)) return ''
    const key = keyOf(object)
    if (key === undefined) return ''
    const version = versionOf(object)
    if (version !== '' && this.#known.get(key) === version) return key
    this.#known.set(key, version)
    this.#options.handler.apply(object, path)
    return key
  }

  #remove(key: string): void {
    this.#known.delete(key)
    const slash = key.indexOf('/')
    this.#options.handler.remove({ namespace: key.slice(0, slash), name: key.slice(slash + 1) })
  }

  // --- Time ---

  async #observed<Result>(request: () => Promise<Result>): Promise<Result extends object ? Result : Json> {
    const { clock, observe, limit = atOnce } = this.#options
    let startedAt = clock.monotonic()
    let code = '200'
    const timed = (): Promise<Result> => {
      startedAt = clock.monotonic()
      return request()
    }
    try {
      return (await limit(timed)) as Result extends object ? Result : Json
    } catch (error) {
      code = error instanceof KubeApiError && error.status > 0 ? String(error.status) : '<error>'
      throw error
    } finally {
      observe?.({ verb: 'GET', code, durationMs: clock.monotonic() - startedAt })
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#pause?.timer.clear()
        this.#pause = undefined
        resolve()
      }
      if (this.#closed) return resolve()
      this.#pause = { timer: this.#options.clock.setTimeout(end, ms), end }
    })
  }
}

/** A watch that cannot be trusted further: the list is read again. */
class BrokenWatchError extends Error {}

function atOnce<Result>(request: () => Promise<Result>): Promise<Result> {
  return request()
}

function isContentError(error: unknown): boolean {
  return error instanceof BrokenWatchError || error instanceof LongLineError
}

/** Calls back when nothing was heard for the expected time. */
class SilenceTimer {
  readonly #clock: Clock
  readonly #callback: () => void
  #limitMs = 0
  #timer: Timer | undefined
  isOver = false

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock
    this.#callback = callback
  }

  expect(limitMs: number): void {
    this.#limitMs = limitMs
    this.heard()
  }

  heard(): void {
    this.clear()
    this.#timer = this.#clock.setTimeout(() => {
      this.isOver = true
      this.#callback()
    }, this.#limitMs)
    this.#timer.unref()
  }

  clear(): void {
    this.#timer?.clear()
  }
}

/** An ERROR event holds a Status; 410 means that the resourceVersion is too old. */
function watchError(status: Json, path: string): Error {
  const message = text(status['message']) || 'the API server ended the watch with an error'
  const reason = text(status['reason'])
  if (status['code'] === 410 || reason === 'Expired' || reason === 'Gone') {
    return new KubeApiError('expired', message, { status: 410, path, reason })
  }
  return new BrokenWatchError(message)
}

function selectors({ labelSelector, fieldSelector }: WatchSource): Record<string, string | undefined> {
  return { labelSelector: labelSelector || undefined, fieldSelector: fieldSelector || undefined }
}

function keyOf(object: Json): string | undefined {
  const meta = object['metadata']
  if (!isJsonObject(meta)) return undefined
  const name = text(meta['name'])
  return name === '' ? undefined : `${text(meta['namespace'])}/${name}`
}

/** As a number where it is one, which takes less memory; empty when there is none. */
function versionOf(object: Json): number | string {
  const version = isJsonObject(object['metadata']) ? text(object['metadata']['resourceVersion']) : ''
  const figure = Number(version)
  return version !== '' && Number.isSafeInteger(figure) ? figure : version
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
