import { describe, expect, it } from 'vitest'
import {
  formatGoDuration,
  parseGoBool,
  parseGoDuration,
  parseGoFloat,
  parseGoInt,
  parseGoUint,
  quoteGo,
} from './go-values.ts'

describe('parseGoDuration()', () => {
  it.each([
    { text: '5s', milliseconds: 5000 },
    { text: '1m30s', milliseconds: 90_000 },
    { text: '300ms', milliseconds: 300 },
    { text: '1.5h', milliseconds: 5_400_000 },
    { text: '.5s', milliseconds: 500 },
    { text: '1.s', milliseconds: 1000 },
    { text: '10us', milliseconds: 0.01 },
    { text: '10µs', milliseconds: 0.01 },
    { text: '10μs', milliseconds: 0.01 },
    { text: '-2s', milliseconds: -2000 },
    { text: '+2s', milliseconds: 2000 },
    { text: '0', milliseconds: 0 },
    { text: '1h20m', milliseconds: 4_800_000 },
  ])('reads $text', ({ text, milliseconds }) => {
    expect(parseGoDuration(text)).toBeCloseTo(milliseconds, 9)
  })

  it.each([
    { text: '3600', message: 'time: missing unit in duration "3600"' },
    { text: '1m30', message: 'time: missing unit in duration "1m30"' },
    { text: '5x', message: 'time: unknown unit "x" in duration "5x"' },
    { text: '5constructor', message: 'time: unknown unit "constructor" in duration "5constructor"' },
    { text: '', message: 'time: invalid duration ""' },
    { text: 'soon', message: 'time: invalid duration "soon"' },
    { text: '-', message: 'time: invalid duration "-"' },
    { text: '.s', message: 'time: invalid duration ".s"' },
    { text: '99999999999h', message: 'time: invalid duration "99999999999h"' },
  ])('refuses $text as Go does', ({ text, message }) => {
    expect(() => parseGoDuration(text)).toThrow(message)
  })
})

describe('formatGoDuration()', () => {
  it.each([
    [0, '0s'],
    [5000, '5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [250, '250ms'],
    [1.5, '1.5ms'],
    [0.0015, '1.5µs'],
    [0.000_002, '2ns'],
    [-2000, '-2s'],
    [1500, '1.5s'],
  ])('prints %d ms as %s', (milliseconds, text) => {
    expect(formatGoDuration(milliseconds)).toBe(text)
  })
})

describe('parseGoInt() and parseGoUint()', () => {
  it('read decimal integers of 64 bits', () => {
    expect(parseGoInt('30')).toBe(30)
    expect(parseGoInt('-4')).toBe(-4)
    expect(parseGoInt('+4')).toBe(4)
    expect(parseGoInt('0000000000000000000000000000007')).toBe(7)
    expect(parseGoUint('65535', 16)).toBe(65_535)
  })

  it.each([
    { read: () => parseGoInt('30;'), message: 'strconv.Atoi: parsing "30;": invalid syntax' },
    { read: () => parseGoInt(''), message: 'strconv.Atoi: parsing "": invalid syntax' },
    { read: () => parseGoInt('0x10'), message: 'strconv.Atoi: parsing "0x10": invalid syntax' },
    {
      read: () => parseGoInt('9223372036854775808'),
      message: 'strconv.Atoi: parsing "9223372036854775808": value out of range',
    },
    { read: () => parseGoInt('9'.repeat(100_000)), message: 'value out of range' },
    { read: () => parseGoUint('-1'), message: 'strconv.ParseUint: parsing "-1": invalid syntax' },
    { read: () => parseGoUint('65536', 16), message: 'strconv.ParseUint: parsing "65536": value out of range' },
  ])('refuse as Go does: $message', ({ read, message }) => {
    expect(read).toThrow(message)
  })
})

describe('parseGoFloat() and parseGoBool()', () => {
  it('read what Go reads', () => {
    expect(parseGoFloat('1e3')).toBe(1000)
    expect(parseGoFloat('.5')).toBe(0.5)
    expect(parseGoBool('true')).toBe(true)
    expect(parseGoBool('0')).toBe(false)
  })

  it('refuse the rest with Go’s texts', () => {
    expect(() => parseGoFloat('x')).toThrow('strconv.ParseFloat: parsing "x": invalid syntax')
    expect(() => parseGoFloat('1e999')).toThrow('strconv.ParseFloat: parsing "1e999": value out of range')
    expect(() => parseGoBool('yes')).toThrow('strconv.ParseBool: parsing "yes": invalid syntax')
  })
})

describe('quoteGo()', () => {
  it('escapes what does not print and keeps every script', () => {
    expect(quoteGo('a"b\\c\n\u0000\u00a0é中')).toBe(String.raw`"a\"b\\c\n\x00\u00a0é中"`)
  })
})
