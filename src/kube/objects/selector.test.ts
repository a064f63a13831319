import { describe, expect, it } from 'vitest'
import { SelectorError, formatSelector, matchesLabelSelector, parseSelector } from './selector.ts'

describe('parseSelector()', () => {
  const labels = { app: 'web', 'example.org/tier': 'front', empty: '' }
  const cases: readonly { readonly text: string; readonly selected: boolean }[] = [
    { text: '', selected: true },
    { text: 'app=web', selected: true },
    { text: 'app == web', selected: true },
    { text: 'app=api', selected: false },
    { text: 'app!=api', selected: true },
    { text: 'missing!=api', selected: true },
    { text: 'app in (api, web)', selected: true },
    { text: 'app notin (api,web)', selected: false },
    { text: 'missing notin (api)', selected: true },
    { text: 'example.org/tier', selected: true },
    { text: '!example.org/tier', selected: false },
    { text: '!missing,app=web', selected: true },
    { text: 'empty=', selected: true },
    { text: 'app in (api,web),example.org/tier=back', selected: false },
  ]
  for (const { text, selected } of cases) {
    it(`reads "${text}" and ${selected ? 'selects' : 'leaves out'} the labels`, () => {
      expect(matchesLabelSelector(parseSelector(text), labels)).toBe(selected)
    })
    it(`gives "${text}" a text form that means the same`, () => {
      expect(parseSelector(formatSelector(parseSelector(text)))).toEqual(parseSelector(text))
    })
  }

  it('names the selector and the part that is wrong', () => {
    for (const text of ['a=b=c', 'a in b', 'a in (b', '=x', 'a,,b', 'a b', '-a=b', 'a=b c', `a=${'x'.repeat(64)}`]) {
      expect(() => parseSelector(text)).toThrow(SelectorError)
    }
    expect(() => parseSelector('a in b')).toThrow('Cannot parse label selector "a in b": "a in b" is none of')
  })
})
