import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startLabApi } from '../../../../test/support/lab-api.ts'
import type { LabApi } from '../../../../test/support/lab-api.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { textAt } from '../raw-object.ts'
import { CONFIG_MAP_TYPE } from '../resource-types.ts'

let lab: LabApi

beforeEach(async () => {
  lab = await startLabApi()
})
afterEach(() => lab.close())

const typesOf = (events: readonly Json[]): string[] => events.map((event) => textAt(event, 'type'))

describe('serveWatch()', () => {
  const maps = '/api/v1/namespaces/default/configmaps?watch=true'
  const write = (name: string, labels: Record<string, string>): void => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels } }
    if (lab.store.create(CONFIG_MAP_TYPE, object).kind === 'exists') lab.store.update(CONFIG_MAP_TYPE, object)
  }

  it('goes on after a revision and tells each change once', async () => {
    const { revision } = lab.store
    write('a', {})
    const events = await lab.watch(`${maps}&resourceVersion=${revision}`, 3, () => {
      write('a', { x: '1' })
      lab.store.delete(CONFIG_MAP_TYPE, 'default', 'a')
    })
    expect(typesOf(events)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  })

  it('tells an object that stops matching as deleted', async () => {
    write('a', { app: 'x' })
    const events = await lab.watch(`${maps}&labelSelector=app%3Dx&resourceVersion=${lab.store.revision}`, 1, () =>
      write('a', { app: 'y' }),
    )
    expect(typesOf(events)).toEqual(['DELETED'])
    expect(events[0]).toMatchObject({
      object: { metadata: { labels: { app: 'x' }, resourceVersion: String(lab.store.revision) } },
    })
  })

  it('says 410 Gone for a revision that is forgotten', async () => {
    write('a', {})
    const { revision } = lab.store
    write('a', { x: '1' })
    lab.store.compact()
    const [event] = await lab.watch(`${maps}&resourceVersion=${revision}`, 1)
    expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
  })

  it('marks the end of the initial events with a bookmark when asked to', async () => {
    write('a', {})
    const events = await lab.watch(
      `${maps}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
      2,
    )
    expect(typesOf(events)).toEqual(['ADDED', 'BOOKMARK'])
    expect(events[1]).toMatchObject({ object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } })
  })

  it('ends after timeoutSeconds with a bookmark', async () => {
    const events = await lab.watch(
      `${maps}&resourceVersion=${lab.store.revision}&timeoutSeconds=1&allowWatchBookmarks=true`,
      2,
    )
    expect(typesOf(events)).toEqual(['BOOKMARK'])
  })

  it('gives the lists and watches of a namespace only that namespace', async () => {
    const events = await lab.watch('/api/v1/namespaces/shop/services?watch=true', 3)
    expect(events.map((event) => textAt(event, 'object', 'metadata', 'name')).sort()).toEqual([
      'api',
      'payments',
      'web',
    ])
  })
})
