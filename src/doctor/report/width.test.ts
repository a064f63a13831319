import { describe, expect, it } from 'vitest'
import { displayWidth, padToWidth } from './width.ts'

describe('displayWidth()', () => {
  it.each([
    { text: '', columns: 0 },
    { text: 'udp 53', columns: 6 },
    { text: '上游 1.2.4.8', columns: 12 },
    { text: '（无响应）', columns: 10 },
    { text: 'é', columns: 1 },
    { text: 'é', columns: 1 },
    { text: '𠮷', columns: 2 },
  ])('counts "$text" as $columns columns', ({ text, columns }) => {
    expect(displayWidth(text)).toBe(columns)
  })
})

describe('padToWidth()', () => {
  it('fills up to the column, and leaves longer texts alone', () => {
    expect(padToWidth('上游', 6)).toBe('上游  ')
    expect(padToWidth('上游', 3)).toBe('上游')
  })
})
