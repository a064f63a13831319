import { describe, expect, it } from 'vitest'
import { NAME_WORDS, NameTable, packName } from '../messages/name-table.ts'
import { SearchLists } from './search-lists.ts'

interface Step {
  readonly name: string
  readonly outcome: 'found' | 'nodata' | 'nxdomain'
}

/** Lookups of one client, a millisecond apart. */
function walk(steps: readonly Step[]): SearchLists {
  const names = new NameTable()
  const lists = new SearchLists(names)
  const words = new Int32Array(NAME_WORDS)
  steps.forEach(({ name, outcome }, index) => {
    const octets = Buffer.concat([
      ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
      Buffer.alloc(1),
    ])
    const hash = packName(octets, 0, octets.length, words, 0)
    const id = names.idOf(words, 0, octets.length, hash)
    const isCluster = name.endsWith('cluster.local')
    if (isCluster && outcome === 'found') return
    lists.take(1, id, names.beginningOf(id), isCluster, outcome === 'nxdomain', index * 1000, index + 1)
  })
  return lists
}

const nxdomain = (name: string): Step => ({ name, outcome: 'nxdomain' })

describe('SearchLists', () => {
  it('tells a name that exists under no suffix, with the frames of all tries', () => {
    const { failed } = walk(
      ['api.shop.svc.cluster.local', 'api.svc.cluster.local', 'api.cluster.local', 'api'].map(nxdomain),
    )
    expect(failed).toMatchObject([{ suffixes: 3, isNxdomain: true, frames: [1, 2, 3, 4] }])
  })

  it('does not tell a name that has no AAAA under its own suffix, and therefore was asked under the others', () => {
    const lists = walk([
      { name: 'api.shop.svc.cluster.local', outcome: 'nodata' },
      ...['api.svc.cluster.local', 'api.cluster.local', 'api'].map(nxdomain),
      { name: 'api.shop.svc.cluster.local', outcome: 'found' },
    ])
    expect(lists.failedCount).toBe(0)
  })

  it('counts the queries that an external name cost in vain', () => {
    const lists = walk([
      ...['www.example.org.shop.svc.cluster.local', 'www.example.org.cluster.local'].map(nxdomain),
      { name: 'www.example.org', outcome: 'found' },
    ])
    expect(lists).toMatchObject({ externalLookups: 1, wastedQueries: 2, failedCount: 0 })
  })
})
