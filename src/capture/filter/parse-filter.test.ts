import { describe, expect, it } from 'vitest'
import { parseFilter } from './parse-filter.ts'

describe('parseFilter()', () => {
  it('takes "dns" for what belongs to DNS, also in parentheses', () => {
    expect(parseFilter('(dns)')).toEqual(parseFilter('port 53 or icmp or fragment or vxlan'))
    expect(parseFilter('not dns')).toEqual({ kind: 'not', of: parseFilter('dns') })
  })

  it.each([
    ['port dns', '"dns" is not a port'],
    ['host dns', '"dns" is not an IP address'],
    ['dst port dns', '"dns" is not a port'],
    ['port', '"" is not a port'],
  ])('says what is wrong with %s as it was typed', (text, why) => {
    expect(() => parseFilter(text)).toThrow(`Cannot use filter "${text}": ${why}`)
  })
})
