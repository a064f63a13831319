import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { YamlSplitter, type YamlPiece } from './yaml-splitter.ts'

function cut(text: string, size = text.length): YamlPiece[] {
  const pieces: YamlPiece[] = []
  const splitter = new YamlSplitter((piece) => pieces.push(piece))
  for (let from = 0; from < text.length; from += size) splitter.push(text.slice(from, from + size))
  splitter.end()
  return pieces
}

const LIST = `apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  spec:
    containers:
    - name: a
# a comment
- apiVersion: v1
  kind: Service
  data: |
    - not an item
kind: List
metadata:
  resourceVersion: ""
`

describe('YamlSplitter', () => {
  it.each([{ size: 1 }, { size: 7 }, { size: 1000 }])(
    'cuts a list into its items and its shell, chunks of $size',
    ({ size }) => {
      const pieces = cut(LIST, size)
      expect(pieces.map(({ item, line }) => ({ item, line }))).toEqual([
        { item: 0, line: 3 },
        { item: 1, line: 9 },
        { item: -1, line: 1 },
      ])
      expect(parse(pieces[0]?.text ?? '')).toEqual({
        apiVersion: 'v1',
        kind: 'Pod',
        spec: { containers: [{ name: 'a' }] },
      })
      expect(parse(pieces[1]?.text ?? '')).toMatchObject({ kind: 'Service', data: '- not an item\n' })
      expect(parse(pieces[2]?.text ?? '')).toEqual({
        apiVersion: 'v1',
        items: null,
        kind: 'List',
        metadata: { resourceVersion: '' },
      })
    },
  )

  it('takes items that are indented', () => {
    const pieces = cut('items:\n  - kind: A\n    x: 1\n  - kind: B\nkind: List\n')
    expect(pieces.map(({ text }) => parse(text) as unknown)).toEqual([
      { kind: 'A', x: 1 },
      { kind: 'B' },
      { items: null, kind: 'List' },
    ])
  })

  it('numbers documents and leaves out empty ones and comments', () => {
    const pieces = cut('# head\n---\nkind: A\n---\n\n---\n# nothing\n---\nkind: B\n...\n')
    expect(
      pieces.map(({ document, line, text }) => ({ document, line, kind: (parse(text) as { kind: string }).kind })),
    ).toEqual([
      { document: 1, line: 3, kind: 'A' },
      { document: 2, line: 9, kind: 'B' },
    ])
  })

  it('keeps "items" that is no list of blocks in its document', () => {
    expect(cut('kind: ConfigMap\nitems: []\n')).toHaveLength(1)
    expect(cut('spec:\n  items:\n  - a\n')).toHaveLength(1)
  })
})
