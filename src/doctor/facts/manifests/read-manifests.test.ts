import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readManifests, type Manifests } from './read-manifests.ts'

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-manifests-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const NOTHING = Readable.from([])

function file(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  return path
}

function read(...paths: string[]): Promise<Manifests> {
  return readManifests({ paths, stdin: NOTHING })
}

const service = (name: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: { clusterIP: '10.0.0.1' },
})

const names = ({ objects }: Manifests): string[] => objects.services.map(({ meta }) => meta.name)

describe('readManifests()', () => {
  it('reads kubectl lists in JSON and YAML, typed lists of the API, several documents and arrays', async () => {
    const list = file(
      'list.json',
      JSON.stringify({ apiVersion: 'v1', items: [service('a'), service('b')], kind: 'List' }, null, 4),
    )
    const typed = file(
      'typed.json',
      JSON.stringify({ kind: 'ServiceList', apiVersion: 'v1', items: [{ metadata: { name: 'c' } }] }),
    )
    const late = file(
      'late.json',
      JSON.stringify({ items: [{ metadata: { name: 'd' } }], kind: 'ServiceList', apiVersion: 'v1' }),
    )
    const documents = file(
      'two.yaml',
      '---\napiVersion: v1\nkind: Service\nmetadata: {name: e}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: f}\n',
    )
    const items = file(
      'items.yaml',
      'apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: g\nkind: List\n',
    )
    const array = file('array.json', JSON.stringify([service('h')]))
    expect(names(await read(list, typed, late, documents, items, array))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
      'g',
      'h',
    ])
  })

  it('reads standard input, whatever the chunks', async () => {
    const text = JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [service('in')] })
    const stdin = Readable.from([text.slice(0, 30), Buffer.from(text.slice(30))])
    expect(names(await readManifests({ paths: ['-'], stdin }))).toEqual(['in'])
  })

  it('reads a folder recursively, tells what is left out there, and names the folder', async () => {
    file(
      'tree/kube-system/services.json',
      JSON.stringify({ kind: 'ServiceList', apiVersion: 'v1', items: [service('deep')] }),
    )
    file('tree/kube-system/logs.txt', '==== START logs')
    file('tree/values.yaml', 'replicas: 3\n')
    file('tree/templates/x.yaml', 'kind: {{ .Kind }}\n  bad: [')
    file('tree/.hidden/secret.yaml', 'kind: [')
    const result = await read(join(folder, 'tree'))
    expect(names(result)).toEqual(['deep'])
    expect(result.folders).toEqual([join(folder, 'tree')])
    expect(result.problems.map(({ path }) => path.slice(folder.length))).toEqual([
      '/tree/templates/x.yaml',
      '/tree/values.yaml',
    ])
  })

  it('counts kinds that it does not read', async () => {
    const path = file(
      'mixed.yaml',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: t}\n',
    )
    expect([...(await read(path)).ignored]).toEqual([['v1/Secret', 1]])
  })

  it('reports its progress in octets', async () => {
    const path = file('progress.yaml', 'apiVersion: v1\nkind: Service\nmetadata: {name: p}\n')
    const seen: (number | undefined)[][] = []
    await readManifests({
      paths: [path],
      stdin: NOTHING,
      onProgress: ({ octets, totalOctets }) => seen.push([octets, totalOctets]),
    })
    expect(seen.at(-1)).toEqual([49, 49])
  })

  it.each([
    {
      name: 'no-kind.json',
      text: '{"a": 1}',
      says: /Cannot use .*no-kind\.json: no Kubernetes object: kind is missing/,
    },
    {
      name: 'second.yaml',
      text: 'apiVersion: v1\nkind: Service\nmetadata: {name: x}\n---\nfoo: bar\n',
      says: /second\.yaml \(document 2, line 5\): no Kubernetes object/,
    },
    {
      name: 'item.json',
      text: `{"kind":"List","apiVersion":"v1","items":[${JSON.stringify(service('a'))},{"x":1}]}`,
      says: /item\.json \(items\[1\]\): no Kubernetes object/,
    },
    {
      name: 'cut.json',
      text: '{"kind":"List","items":[{"kind":"Serv',
      says: /cut\.json as JSON: document 1, .*is the file cut off\?/,
    },
    {
      name: 'bad.yaml',
      text: 'apiVersion: v1\nkind: Service\nmetadata: {name: x\n',
      says: /bad\.yaml as YAML: line 3, column 19: /,
    },
    {
      name: 'secret.yaml',
      text: 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n',
      says: /holds no object that DNS depends on; found only 1 v1\/Secret/,
    },
    { name: 'empty.yaml', text: '', says: /it is empty/ },
    {
      name: 'status.json',
      text: '{"kind":"Status","apiVersion":"v1","message":"pods is forbidden"}',
      says: /an error of the API server: pods is forbidden/,
    },
  ])('refuses in one sentence: $name', async ({ name, text, says }) => {
    await expect(read(file(name, text))).rejects.toThrow(says)
  })

  it('refuses paths that are not there and folders without manifests', async () => {
    mkdirSync(join(folder, 'bare'))
    await expect(read(join(folder, 'absent'))).rejects.toThrow(/absent: no such file or folder$/)
    await expect(read(join(folder, 'bare'))).rejects.toThrow(/no \.json, \.yaml or \.yml file in it/)
  })
})
