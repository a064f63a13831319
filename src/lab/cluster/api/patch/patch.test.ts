import { describe, expect, it } from 'vitest'
import { ApiError } from '../api-error.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

describe('applyJsonPatch()', () => {
  const document = { rules: [{ verbs: ['list'] }], labels: { 'a/b': 'x' } }
  it.each([
    {
      title: 'appends with "-"',
      patch: [{ op: 'add', path: '/rules/-', value: 1 }],
      result: { rules: [{ verbs: ['list'] }, 1], labels: { 'a/b': 'x' } },
    },
    {
      title: 'unescapes ~1',
      patch: [{ op: 'replace', path: '/labels/a~1b', value: 'y' }],
      result: { rules: [{ verbs: ['list'] }], labels: { 'a/b': 'y' } },
    },
    {
      title: 'removes an element',
      patch: [{ op: 'remove', path: '/rules/0' }],
      result: { rules: [], labels: { 'a/b': 'x' } },
    },
    {
      title: 'moves',
      patch: [{ op: 'move', from: '/rules', path: '/old' }],
      result: { old: [{ verbs: ['list'] }], labels: { 'a/b': 'x' } },
    },
    { title: 'copies', patch: [{ op: 'copy', from: '/labels/a~1b', path: '/c' }], result: { ...document, c: 'x' } },
    {
      title: 'goes on after a test that holds',
      patch: [{ op: 'test', path: '/labels', value: { 'a/b': 'x' } }],
      result: document,
    },
  ])('$title (RFC 6902)', ({ patch, result }) => {
    expect(applyJsonPatch(document, patch)).toEqual(result)
  })

  it.each([
    { title: 'a path that is not there', patch: [{ op: 'remove', path: '/nothing' }] },
    { title: 'an index that is not there', patch: [{ op: 'replace', path: '/rules/7', value: 1 }] },
    { title: 'a test that fails', patch: [{ op: 'test', path: '/labels', value: {} }] },
    { title: 'an operation that does not exist', patch: [{ op: 'burn', path: '/labels' }] },
    { title: 'a document that is no array', patch: { op: 'add' } },
  ])('refuses $title', ({ patch }) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(ApiError)
  })

  it('leaves the document as it was', () => {
    applyJsonPatch(document, [{ op: 'add', path: '/rules/0/verbs/-', value: 'watch' }])
    expect(document.rules[0]?.verbs).toEqual(['list'])
  })
})

describe('applyMergePatch()', () => {
  it('merges objects, removes with null and replaces lists (RFC 7396)', () => {
    const target = { a: { b: 1, c: 2 }, list: [1, 2] }
    expect(applyMergePatch(target, { a: { c: null, d: 3 }, list: [3] })).toEqual({ a: { b: 1, d: 3 }, list: [3] })
  })
})

describe('applyStrategicMergePatch()', () => {
  const pod = {
    spec: {
      containers: [
        { name: 'a', image: '1', env: [{ name: 'X', value: '1' }] },
        { name: 'b', image: '1' },
      ],
    },
  }

  it('merges containers by name', () => {
    const patch = { spec: { containers: [{ name: 'a', image: '2', env: [{ name: 'Y', value: '2' }] }] } }
    expect(applyStrategicMergePatch(pod, patch)).toEqual({
      spec: {
        containers: [
          {
            name: 'a',
            image: '2',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
          },
          { name: 'b', image: '1' },
        ],
      },
    })
  })

  it('deletes an element that $patch: delete names', () => {
    const patch = { spec: { containers: [{ name: 'b', $patch: 'delete' }] } }
    expect(applyStrategicMergePatch(pod, patch)).toEqual({ spec: { containers: [pod.spec.containers[0]] } })
  })

  it('replaces a list without a merge key', () => {
    expect(applyStrategicMergePatch({ args: ['a'] }, { args: ['b'] })).toEqual({ args: ['b'] })
  })

  it('replaces a map that $patch: replace marks', () => {
    const service = { spec: { selector: { app: 'x', tier: 'y' } } }
    expect(applyStrategicMergePatch(service, { spec: { selector: { $patch: 'replace', app: 'z' } } })).toEqual({
      spec: { selector: { app: 'z' } },
    })
  })

  it('puts elements in the order that $setElementOrder names', () => {
    const patch = {
      spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'b', image: '2' }] },
    }
    const result = applyStrategicMergePatch(pod, patch) as typeof pod
    expect(result.spec.containers.map((container) => container.name)).toEqual(['b', 'a'])
  })

  it('removes values from a set with $deleteFromPrimitiveList', () => {
    const object = { metadata: { finalizers: ['a', 'b'] } }
    expect(applyStrategicMergePatch(object, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } })).toEqual({
      metadata: { finalizers: ['b'] },
    })
  })
})
