import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startFakeApi, type FakeApi } from '../../../test/support/fake-api.ts'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { systemClock, type Clock } from '../../base/index.ts'
import { createBackoff } from './backoff.ts'
import { createLineSplitter } from './json-lines.ts'
import { Watch, type WatchOptions } from './watch.ts'

const PATH = '/api/v1/services'

interface Followed {
  readonly watch: Watch
  /** Name to resourceVersion, as the handler was told. */
  readonly state: Map<string, string>
  readonly calls: string[]
  readonly warnings: string[]
}

let api: FakeApi
let followed: Followed | undefined

beforeEach(async () => {
  api = await startFakeApi()
  followed = undefined
})

afterEach(async () => {
  await followed?.watch.close()
  await api.close()
})

function follow(options: Partial<WatchOptions> & { paths?: readonly string[]; clock?: Clock } = {}): Followed {
  const state = new Map<string, string>()
  const calls: string[] = []
  const warnings: string[] = []
  const { paths = [PATH], ...rest } = options
  const watch = new Watch({
    client: api.client,
    source: { type: '*v1.Service', paths },
    handler: {
      apply(object) {
        const meta = object['metadata'] as { name: string; resourceVersion: string }
        state.set(meta.name, meta.resourceVersion)
        calls.push(`apply ${meta.name}`)
      },
      remove({ name }) {
        state.delete(name)
        calls.push(`remove ${name}`)
      },
      synced: () => void calls.push('synced'),
    },
    clock: systemClock,
    random: () => 0.5,
    warn: (line) => void warnings.push(line),
    firstPauseMs: 1,
    ...rest,
  })
  watch.start()
  followed = { watch, state, calls, warnings }
  return followed
}

function object(name: string): { metadata: { namespace: string; name: string } } {
  return { metadata: { namespace: 'default', name } }
}

function lists(): number {
  return api.requests.filter(({ path, query }) => path === PATH && !query.has('watch')).length
}

describe('Watch', () => {
  it('lists page by page, says when it is synced, then follows changes', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(PATH, object(name))
    const { state, calls, watch } = follow({ pageSize: 2 })
    await api.watched(PATH)
    expect(calls).toEqual(['apply a', 'apply b', 'apply c', 'apply d', 'apply e', 'synced'])
    expect(watch.isSynced).toBe(true)
    expect(lists()).toBe(3)
    api.put(PATH, object('f'))
    api.remove(PATH, { namespace: 'default', name: 'a' })
    await vi.waitFor(() => expect([...state.keys()]).toEqual(['b', 'c', 'd', 'e', 'f']))
  })

  it('asks for bookmarks and resumes from the last version after a cut connection, without a new list', async () => {
    api.put(PATH, object('a'))
    const { state } = follow()
    await api.watched(PATH)
    api.sendLine(PATH, JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1500' } } }))
    api.cut()
    await vi.waitFor(() => expect(watchQueries()).toHaveLength(2))
    await api.watched(PATH)
    expect(watchQueries().map((query) => query.get('allowWatchBookmarks'))).toEqual(['true', 'true'])
    expect(['1001', '1500']).toContain(watchQueries()[1]?.get('resourceVersion'))
    api.put(PATH, object('b'))
    await vi.waitFor(() => expect(state.has('b')).toBe(true))
    expect(lists()).toBe(1)
  })

  it('lists again when its version is too old, and hands on only what differs', async () => {
    for (const name of ['same', 'changed', 'gone']) api.put(PATH, object(name))
    const { calls, state } = follow({ pageSize: 2 })
    await api.watched(PATH)
    calls.length = 0
    api.refuse(PATH, 500)
    api.cut()
    await vi.waitFor(() => expect(followed?.warnings.length).toBeGreaterThan(0))
    api.put(PATH, object('changed'))
    api.put(PATH, object('new'))
    api.remove(PATH, { namespace: 'default', name: 'gone' })
    api.expire()
    api.refuse(PATH, undefined)
    await vi.waitFor(() => expect(calls).toEqual(['apply changed', 'apply new', 'remove gone']))
    expect([...state.keys()].toSorted()).toEqual(['changed', 'new', 'same'])
  })

  it('reads the list in one piece when the continue token grew too old', async () => {
    for (const name of ['a', 'b', 'c', 'd']) api.put(PATH, object(name))
    api.expire()
    const { calls } = follow({ pageSize: 3 })
    await api.watched(PATH)
    expect(calls).toEqual(['apply a', 'apply b', 'apply c', 'apply d', 'synced'])
  })

  it('keeps what it knows and says what is wrong while the API refuses', async () => {
    api.put(PATH, object('a'))
    const { state, warnings } = follow()
    await api.watched(PATH)
    api.refuse(PATH, 403, 'services is forbidden')
    api.cut()
    await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(1))
    expect(warnings[0]).toContain('Failed to watch *v1.Service: ')
    expect(warnings[0]).toContain('services is forbidden')
    expect([...state.keys()]).toEqual(['a'])
  })

  it('says that a list failed, and is not synced', async () => {
    api.put(PATH, object('a'))
    api.refuse(PATH, 403, 'services is forbidden')
    const { warnings, watch } = follow()
    await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(1))
    expect(warnings[0]).toContain('Failed to list *v1.Service: ')
    expect(watch.isSynced).toBe(false)
    api.refuse(PATH, undefined)
    await vi.waitFor(() => expect(watch.isSynced).toBe(true))
  })

  it('takes the next path when one is not served', async () => {
    api.put('/old', object('a'))
    const { state, warnings } = follow({ paths: ['/new', '/newer', '/old'] })
    await vi.waitFor(() => expect([...state.keys()]).toEqual(['a']))
    expect(warnings).toEqual([])
  })

  const broken: readonly { readonly what: string; readonly line: string }[] = [
    { what: 'is no JSON', line: '{"type":"ADDED",' },
    { what: 'has no object', line: '{"type":"ADDED"}' },
    { what: 'has an unknown type', line: '{"type":"RENAMED","object":{}}' },
    { what: 'is an error', line: '{"type":"ERROR","object":{"code":500,"message":"etcd is away"}}' },
  ]
  it.for(broken)('lists again after an event that $what', async ({ line }) => {
    api.put(PATH, object('a'))
    const { state, warnings } = follow()
    await api.watched(PATH)
    api.sendLine(PATH, line)
    await vi.waitFor(() => expect(lists()).toBe(2))
    expect(warnings).toHaveLength(1)
    await api.watched(PATH)
    api.put(PATH, object('b'))
    await vi.waitFor(() => expect([...state.keys()]).toEqual(['a', 'b']))
  })

  it('passes over objects without name and keeps going', async () => {
    api.put(PATH, object('a'))
    const { state, warnings } = follow()
    await api.watched(PATH)
    api.sendLine(PATH, '{"type":"ADDED","object":{"metadata":null,"ports":null}}')
    api.put(PATH, object('b'))
    await vi.waitFor(() => expect([...state.keys()]).toEqual(['a', 'b']))
    expect(warnings).toEqual([])
  })

  it('gives up a connection that stays silent after bookmarks came, and resumes', async () => {
    const clock = createFakeClock()
    api.put(PATH, object('a'))
    const { warnings } = follow({ clock })
    await api.watched(PATH)
    api.sendLine(PATH, JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '1600' } } }))
    await vi.waitFor(async () => {
      await clock.advance(160_000)
      expect(watchQueries().length).toBeGreaterThan(1)
    })
    expect(lists()).toBe(1)
    expect(warnings).toEqual([])
  })

  it('ends at once when closed, also while it waits', async () => {
    const { watch, warnings } = follow({ clock: createFakeClock() })
    await vi.waitFor(() => expect(warnings).toHaveLength(1))
    await watch.close()
    expect(warnings).toHaveLength(1)
  })

  it('tells of every request, with its status', async () => {
    api.put(PATH, object('a'))
    const codes: string[] = []
    follow({ paths: ['/nowhere', PATH], observe: ({ code }) => void codes.push(code) })
    await vi.waitFor(() => expect(codes).toEqual(['404', '200', '200']))
  })
})

function watchQueries(): URLSearchParams[] {
  return api.requests.map(({ query }) => query).filter((query) => query.has('watch'))
}

describe('createLineSplitter()', () => {
  it('gives lines whatever parts they come in, characters of several octets included', () => {
    const octets = Buffer.from('{"a":"é"}\n\n{"b":1}\n{"c"')
    for (let size = 1; size <= octets.length; size += 1) {
      const split = createLineSplitter(100)
      const lines: string[] = []
      for (let at = 0; at < octets.length; at += size) lines.push(...split(octets.subarray(at, at + size)))
      expect(lines).toEqual(['{"a":"é"}', '{"b":1}'])
    }
  })

  it('refuses a line past the limit before it is complete', () => {
    const split = createLineSplitter(10)
    expect(split(Buffer.from('0123456789\n'))).toEqual(['0123456789'])
    split(Buffer.from('0123456789'))
    expect(() => split(Buffer.from('0'))).toThrow('a line is longer than 10 octets')
  })
})

describe('createBackoff()', () => {
  it('doubles up to the longest pause, varied by half, and starts over', () => {
    const draws = [0.5, 0.5, 0.5, 0, 1 - Number.EPSILON, 0.5]
    const backoff = createBackoff({ firstMs: 100, longestMs: 400, random: () => draws.shift() ?? 0.5 })
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([100, 200, 400])
    expect(backoff.next()).toBe(200)
    expect(backoff.next()).toBeCloseTo(600)
    backoff.reset()
    expect(backoff.next()).toBe(100)
  })
})
