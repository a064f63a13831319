import { describe, expect, it } from 'vitest'
import { MAX_REGEXP_LENGTH, compileGoRegexp } from './regexp.ts'

describe('compileGoRegexp()', () => {
  it('finds unanchored, with numbered and named groups', () => {
    const match = compileGoRegexp(String.raw`ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)(x)?[.]example`).find(
      'pre.ip-10-2.example.org.',
    )
    expect(match).toEqual({
      groups: ['ip-10-2.example', '10', '2', undefined],
      named: { a: '10', b: '2' },
      start: 4,
      end: 19,
    })
  })

  it('tells when nothing is found', () => {
    const expression = compileGoRegexp('^a$')
    expect(expression.test('ba')).toBe(false)
    expect(expression.find('ba')).toBeUndefined()
    expect(expression.test('a')).toBe(true)
  })

  it.each([
    { pattern: '(', message: 'error parsing regexp: missing closing ): `(`' },
    { pattern: '(?=x)', message: 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`' },
    { pattern: String.raw`(a)\1`, message: String.raw`error parsing regexp: invalid escape sequence: ` + '`\\1`' },
    { pattern: 'a'.repeat(MAX_REGEXP_LENGTH + 1), message: 'regex pattern too long: 10001 > 10000' },
  ])('refuses $message', ({ pattern, message }) => {
    expect(() => compileGoRegexp(pattern)).toThrow(message)
  })

  it('is linear where a backtracking engine is exponential', () => {
    // A backtracking engine needs 2^5000 steps here: that this test ends is the assertion.
    expect(compileGoRegexp('^(a+)+$').test(`${'a'.repeat(5000)}b`)).toBe(false)
  })
})
