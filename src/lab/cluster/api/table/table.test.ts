import { describe, expect, it } from 'vitest'
import { formatAge } from './column.ts'

const NOW = Date.parse('2020-09-02T06:30:00Z')
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('formatAge()', () => {
  it.each([
    { ago: 0, text: '0s' },
    { ago: 119 * SECOND, text: '119s' },
    { ago: 2 * MINUTE, text: '2m' },
    { ago: 3 * MINUTE + 12 * SECOND, text: '3m12s' },
    { ago: 10 * MINUTE + 5 * SECOND, text: '10m' },
    { ago: 3 * HOUR + 20 * MINUTE, text: '3h20m' },
    { ago: 8 * HOUR + 20 * MINUTE, text: '8h' },
    { ago: 2 * DAY + 5 * HOUR, text: '2d5h' },
    { ago: 13 * DAY + 4 * HOUR, text: '13d' },
    { ago: 3 * 365 * DAY + 31 * DAY, text: '3y31d' },
  ])('writes $text as kubectl does', ({ ago, text }) => {
    expect(formatAge(new Date(NOW - ago).toISOString(), NOW)).toBe(text)
  })

  it('says <unknown> where there is no time', () => {
    expect(formatAge('', NOW)).toBe('<unknown>')
  })
})
