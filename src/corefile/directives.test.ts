import { describe, expect, it } from 'vitest'
import {
  DIRECTIVE_ORDER,
  EXTERNAL_DIRECTIVES,
  NODE_CACHE_DIRECTIVES,
  REMOVED_DIRECTIVES,
  SERVED_DIRECTIVES,
  originOf,
} from './directives.ts'

const before = (first: string, second: string): boolean =>
  DIRECTIVE_ORDER.indexOf(first) < DIRECTIVE_ORDER.indexOf(second)

describe('the table of directives', () => {
  it('has every served directive and every one of node-cache in the order, once', () => {
    expect(new Set(DIRECTIVE_ORDER).size).toBe(DIRECTIVE_ORDER.length)
    const all = new Set([...SERVED_DIRECTIVES, ...NODE_CACHE_DIRECTIVES])
    expect([...all].filter((name) => !DIRECTIVE_ORDER.includes(name))).toEqual([])
  })

  it('names nothing as external or removed that CoreDNS has', () => {
    const names = [...Object.keys(EXTERNAL_DIRECTIVES), ...Object.keys(REMOVED_DIRECTIVES)]
    expect(names.filter((name) => DIRECTIVE_ORDER.includes(name))).toEqual([])
  })

  it('lets rewrite see the query before acl, acl before cache, and cache before what answers', () => {
    const pairs = [
      ['rewrite', 'autopath'],
      ['autopath', 'acl'],
      ['acl', 'cache'],
      ['cache', 'template'],
      ['template', 'hosts'],
      ['hosts', 'kubernetes'],
      ['kubernetes', 'loop'],
      ['loop', 'forward'],
      ['prometheus', 'errors'],
      ['errors', 'log'],
    ] as const
    expect(pairs.filter(([first, second]) => !before(first, second))).toEqual([])
  })

  it.each([
    ['cache', 'served'],
    ['file', 'not-served'],
    ['proxy', 'removed'],
    ['k8s_event', 'external'],
    ['constructor', 'unknown'],
  ])('knows where %s comes from: %s', (directive, origin) => {
    expect(originOf(directive)).toBe(origin)
  })
})
