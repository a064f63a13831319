import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExpressionError, compileExpression, type ExpressionValue } from './index.ts'

const FUNCTIONS = new Set(['name', 'fail'])
const VARIABLES = new Map<string, ExpressionValue>([
  ['n', 3],
  ['list', ['a', 'b', 'c']],
  ['map', new Map<string, ExpressionValue>([['key', 'value']])],
])

function run(source: string): ExpressionValue {
  return compileExpression(source, { functions: FUNCTIONS, variables: [...VARIABLES.keys()] }).evaluate({
    functions: {
      name: () => 'www.example.org.',
      fail: () => {
        throw new ExpressionError('evaluate', 'must not be called')
      },
    },
    variables: VARIABLES,
  })
}

describe('compileExpression()', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['2 ** 3 ** 2', 512],
    ['-2 ** 2', -4],
    ['7 % 4 - 1', 2],
    ['0xff + 1_000', 1255],
    ['"a" + \'b\' + `c`', 'abc'],
    [String.raw`"tab\there \x41 \u0042"`, 'tab\there A B'],
    ['1 == 1.0', true],
    ['"1" == 1', false],
    ['[1, 2] == [1, 2]', true],
    ['n > 1 and n <= 3', true],
    ['false && fail()', false],
    ['true || fail()', true],
    ['not (n == 3)', false],
    ['!true or n == 3', true],
    ['name() startsWith "www." && name() endsWith "org."', true],
    ['name() contains "example"', true],
    [String.raw`name() matches '^w+\\.'`, true],
    ['"b" in list', true],
    ['"x" not in list', true],
    ['"key" in map', true],
    ['{a: 1}.a + map.key.len ?? 0', undefined],
    ['map.none ?? "default"', 'default'],
    ['map.none?.deeper', null],
    ['n > 2 ? "big" : "small"', 'big'],
    ['nil ?: "x"', undefined],
    ['list[0] + list[-1]', 'ac'],
    ['list[1:]', ['b', 'c']],
    ['"hello"[1:3]', 'el'],
    ['1..3', [1, 2, 3]],
    ['len(list) + len("äö")', 5],
    ['split("a.b.c", ".")[1]', 'b'],
    ['"A,B" | lower() | split(",") | join("-")', 'a-b'],
    ['int("42") + int(3.9)', 45],
    ['string(3) + "x"', '3x'],
    ['any(list, {# == "b"}) && all(list, # != "z")', true],
    ['filter([1, 2, 3], # > 1) | map(# * 2)', [4, 6]],
    ['count(list, # in ["a", "b"])', 2],
    ['let x = n + 1; x * 2', 8],
    ['trimSuffix(name(), ".") | upper()', 'WWW.EXAMPLE.ORG'],
    ['max(1, 5, 3) - min([4, 2])', 3],
    ['replace("a.b", ".", "$&")', 'a$&b'],
  ] as readonly (readonly [string, ExpressionValue | undefined])[])('carries out %s', (source, expected) => {
    if (expected === undefined) expect(() => run(source)).toThrow(ExpressionError)
    else expect(run(source)).toEqual(expected)
  })

  it.each([
    ['', 'unexpected end'],
    ['1 +', 'unexpected end'],
    ['(1', 'expected ")"'],
    ['unknown', 'unknown name unknown'],
    ['nofunction(1)', 'unknown name nofunction'],
    ['1 2', 'unexpected 2'],
    ['a ~ b', 'unexpected character "~"'],
    ['"open', 'unexpected character'],
    ['('.repeat(500), 'nested more than 200 deep'],
  ])('does not compile %s', (source, message) => {
    expect(() => run(source)).toThrow(message)
  })

  it.each([
    ['1 + "a"', 'invalid operation: + on string'],
    ['1 < "a"', 'invalid operation: <'],
    ['1 && true', 'number is not a boolean'],
    ['list[9]', 'index out of range: 9'],
    ['int("x")', 'invalid operation: int("x")'],
    ['1..1000000', 'range of more than'],
    ['repeat("x", 1000000)', 'cannot repeat'],
    ['"a" matches "("', 'error parsing regexp'],
  ])('cannot carry out %s', (source, message) => {
    expect(() => run(source)).toThrow(message)
    expect(() => run(source)).toThrow(ExpressionError)
  })

  it('ends on any text with a value or an ExpressionError', () => {
    const piece = constantFrom(
      '1',
      '"a"',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '+',
      '..',
      '?',
      ':',
      'not ',
      ' in ',
      'list',
      'name()',
      '.',
      '|',
      ' let x = ',
      ';',
      '#',
      'any(',
    )
    assert(
      property(array(piece, { maxLength: 12 }), (pieces) => {
        try {
          expect(run(pieces.join(''))).toBeDefined()
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
