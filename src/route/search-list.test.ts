import { describe, expect, it } from 'vitest'
import { EMPTY_RESOLV_CONF } from './resolv-conf.ts'
import { expandSearchList } from './search-list.ts'

const conf = (searches: readonly string[], ndots: number) => ({
  ...EMPTY_RESOLV_CONF,
  searches,
  options: [`ndots:${ndots}`],
})
const names = (name: string, searches: readonly string[], ndots = 5): string[] =>
  expandSearchList(name, conf(searches, ndots)).map((candidate) => candidate.name)

const POD = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local']

describe('expandSearchList()', () => {
  it('asks with the search list first when the name has fewer dots than ndots', () => {
    expect(names('redis.shop', POD)).toEqual([
      'redis.shop.default.svc.cluster.local.',
      'redis.shop.svc.cluster.local.',
      'redis.shop.cluster.local.',
      'redis.shop.',
    ])
  })

  it('asks as it is first from ndots dots on', () => {
    expect(names('a.b.c', ['x'], 2)).toEqual(['a.b.c.', 'a.b.c.x.'])
  })

  it('asks only as it is when the name ends with a dot', () => {
    expect(names('redis.', POD)).toEqual(['redis.'])
    expect(names(String.raw`redis\.`, ['x'])).toEqual([String.raw`redis\..x.`, String.raw`redis\..`])
  })

  it('takes a root search domain for the name itself, once', () => {
    expect(names('a', ['.', 'x'])).toEqual(['a.', 'a.x.'])
  })

  it('leaves out repeated and overlong candidates', () => {
    const long = `${'l'.repeat(60)}.`.repeat(3) + 'x'
    expect(names('a', ['x', 'X'])).toEqual(['a.x.', 'a.'])
    expect(names('a'.repeat(63), [`${long}.${'m'.repeat(20)}`])).toEqual([`${'a'.repeat(63)}.`])
  })

  it('says which search domain was appended', () => {
    expect(expandSearchList('a', conf(['x'], 5))).toEqual([{ name: 'a.x.', suffix: 'x' }, { name: 'a.' }])
  })

  it.each([{ name: 'a..b' }, { name: '' }, { name: 'a'.repeat(64) }])(
    'refuses what is no name: "$name"',
    ({ name }) => {
      expect(() => expandSearchList(name, conf(POD, 5))).toThrow(/Cannot read name/)
    },
  )
})
