import { describe, expect, it } from 'vitest'
import { countLabels, equalNames, isSubdomain, joinLabels, labelsOf, lowerName, parentName } from './name.ts'

describe('equalNames()', () => {
  it.each([
    { left: 'Example.ORG.', right: 'example.org.', equal: true },
    { left: '.', right: '.', equal: true },
    { left: 'a.', right: 'b.', equal: false },
    { left: 'a[.', right: 'a{.', equal: false },
    { left: 'a@.', right: 'a`.', equal: false },
    { left: 'a.b.', right: 'a\\.b.', equal: false },
  ])('$left and $right: $equal', ({ left, right, equal }) => {
    expect(equalNames(left, right)).toBe(equal)
  })
})

describe('isSubdomain()', () => {
  it.each([
    { name: 'a.b.', zone: 'b.', below: true },
    { name: 'A.B.', zone: 'b.', below: true },
    { name: 'b.', zone: 'b.', below: true },
    { name: 'ab.', zone: 'b.', below: false },
    { name: 'a\\.b.', zone: 'b.', below: false },
    { name: 'a\\\\.b.', zone: 'b.', below: true },
    { name: 'a.', zone: '.', below: true },
    { name: '.', zone: '.', below: true },
    { name: '.', zone: 'a.', below: false },
    { name: 'b.', zone: 'a.b.', below: false },
  ])('$name below $zone: $below', ({ name, zone, below }) => {
    expect(isSubdomain(name, zone)).toBe(below)
  })
})

describe('labels', () => {
  it.each([
    { name: '.', labels: [], parent: undefined },
    { name: 'org.', labels: ['org'], parent: '.' },
    { name: 'a.b\\.c.org.', labels: ['a', 'b\\.c', 'org'], parent: 'b\\.c.org.' },
    { name: 'a\\\\.org.', labels: ['a\\\\', 'org'], parent: 'org.' },
  ])('of $name', ({ name, labels, parent }) => {
    expect(labelsOf(name)).toEqual(labels)
    expect(countLabels(name)).toBe(labels.length)
    expect(joinLabels(labels)).toBe(name)
    expect(parentName(name)).toBe(parent)
  })

  it('go before a zone', () => {
    expect(joinLabels(['a', 'b'], 'example.org.')).toBe('a.b.example.org.')
    expect(joinLabels([], 'example.org.')).toBe('example.org.')
  })
})

describe('lowerName()', () => {
  it('changes A to Z only', () => {
    expect(lowerName('ExAmple.\\200.')).toBe('example.\\200.')
    expect(lowerName('lower.')).toBe('lower.')
  })
})
