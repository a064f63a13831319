import { describe, expect, it } from 'vitest'
import { WordingError, fillTemplate, placeholdersOf } from './format-phrase.ts'

describe('fillTemplate()', () => {
  it('puts in numbers and texts', () => {
    expect(fillTemplate('{count} of {all} from {node}', { count: 1, all: 4, node: 'node4' }, 'en')).toBe(
      '1 of 4 from node4',
    )
  })

  it.each([
    { count: 0, text: '0 pods' },
    { count: 1, text: '1 pod' },
    { count: 2, text: '2 pods' },
  ])('chooses the plural form for $count', ({ count, text }) => {
    expect(fillTemplate('{count} {count:pod|pods}', { count }, 'en')).toBe(text)
  })

  it('joins lists as the language does and counts what it leaves out', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    expect(fillTemplate('{names}', { names }, 'en')).toBe('a, b, c, d, e and 2 more')
    expect(fillTemplate('{names}', { names }, 'zh')).toBe('a、b、c、d、e 等 7 个')
    expect(fillTemplate('{names}', { names: ['a', 'b'] }, 'zh')).toBe('a、b')
  })

  it('refuses a template whose value is missing', () => {
    expect(() => fillTemplate('{node}', {}, 'en')).toThrow(WordingError)
  })

  it('leaves braces of metric names alone when they are values', () => {
    expect(fillTemplate('{series} grew', { series: 'x{to="1.2.4.8:53"}' }, 'en')).toBe('x{to="1.2.4.8:53"} grew')
  })
})

describe('placeholdersOf()', () => {
  it('names each value once', () => {
    expect(placeholdersOf('{count} {count:pod|pods} on {node}')).toEqual(['count', 'node'])
  })
})
