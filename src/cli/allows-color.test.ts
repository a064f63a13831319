import { describe, expect, it } from 'vitest'
import { allowsColor } from './allows-color.ts'

describe('allowsColor()', () => {
  const terminal = { isTTY: true }

  it('allows colors on a terminal', () => {
    expect(allowsColor(terminal, { TERM: 'xterm-256color' }, ['doctor'])).toBe(true)
    expect(allowsColor(terminal, { NO_COLOR: '' }, ['doctor'])).toBe(true)
  })

  it.each([
    ['a pipe, which has no isTTY', {}, {}, []],
    ['a pipe where CI is set', {}, { CI: 'true', FORCE_COLOR: '1' }, []],
    ['a terminal that knows no colors', terminal, { TERM: 'dumb' }, []],
    ['NO_COLOR', terminal, { NO_COLOR: '1' }, []],
    ['--no-color', terminal, {}, ['lint', '--no-color']],
  ])('allows none: %s', (_what, stream, env, args) => {
    expect(allowsColor(stream, env, args)).toBe(false)
  })
})
