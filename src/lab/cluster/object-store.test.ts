import { describe, expect, it } from 'vitest'
import { ObjectStore } from './object-store.ts'
import type { StoreEvent } from './object-store.ts'
import type { RawObject } from './raw-object.ts'
import { CONFIG_MAP_TYPE } from './resource-types.ts'

const NOW = Date.parse('2020-09-02T06:30:00Z')

function configMap(name: string, data: Record<string, string> = {}): RawObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data }
}

function createStore(historyLimit = 100): ObjectStore {
  return new ObjectStore({ now: () => NOW, historyLimit })
}

describe('ObjectStore', () => {
  it('gives a created object uid, time and a revision of its own', () => {
    const store = createStore()
    const created = store.create(CONFIG_MAP_TYPE, configMap('a'))
    expect(created.kind).toBe('written')
    const metadata = store.get(CONFIG_MAP_TYPE, 'default', 'a')?.metadata
    expect(metadata?.creationTimestamp).toBe('2020-09-02T06:30:00Z')
    expect(metadata?.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(metadata?.resourceVersion).toBe(String(store.revision))
  })

  it('refuses to create a name twice', () => {
    const store = createStore()
    store.create(CONFIG_MAP_TYPE, configMap('a'))
    expect(store.create(CONFIG_MAP_TYPE, configMap('a')).kind).toBe('exists')
  })

  it('refuses an update of an older version and keeps uid and creation time', () => {
    const store = createStore()
    store.create(CONFIG_MAP_TYPE, configMap('a'))
    const first = store.get(CONFIG_MAP_TYPE, 'default', 'a') ?? configMap('missing')
    expect(store.update(CONFIG_MAP_TYPE, { ...configMap('a', { k: '1' }) }).kind).toBe('written')
    expect(store.update(CONFIG_MAP_TYPE, { ...first, data: { k: '2' } }).kind).toBe('conflict')
    expect(store.get(CONFIG_MAP_TYPE, 'default', 'a')).toMatchObject({
      data: { k: '1' },
      metadata: { uid: first.metadata.uid },
    })
  })

  it('writes nothing when an update changes nothing', () => {
    const store = createStore()
    store.create(CONFIG_MAP_TYPE, configMap('a', { k: '1' }))
    const { revision } = store
    store.update(CONFIG_MAP_TYPE, configMap('a', { k: '1' }))
    expect(store.revision).toBe(revision)
  })

  it('tells what happened since a revision, and "gone" when the history is cut', () => {
    const store = createStore(4)
    store.create(CONFIG_MAP_TYPE, configMap('a'))
    const { revision } = store
    store.update(CONFIG_MAP_TYPE, configMap('a', { k: '1' }))
    store.delete(CONFIG_MAP_TYPE, 'default', 'a')
    const events = store.since(revision)
    expect(events === 'gone' ? events : events.map((event) => event.change)).toEqual(['modified', 'deleted'])
    for (let index = 0; index < 10; index += 1) store.create(CONFIG_MAP_TYPE, configMap(`b${index}`))
    expect(store.since(revision)).toBe('gone')
  })

  it('tells every listener of every change in order, though a listener writes', () => {
    const store = createStore()
    const seen: string[] = []
    store.subscribe((event: StoreEvent) => {
      if (event.object.metadata.name === 'a') store.create(CONFIG_MAP_TYPE, configMap('b'))
    })
    store.subscribe((event) => seen.push(event.object.metadata.name))
    store.create(CONFIG_MAP_TYPE, configMap('a'))
    expect(seen).toEqual(['a', 'b'])
  })
})
