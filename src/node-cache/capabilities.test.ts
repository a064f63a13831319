import { describe, expect, it } from 'vitest'
import { capabilityHint, missingCapabilities } from './capabilities.ts'

describe('missingCapabilities()', () => {
  it('names what the effective set lacks', () => {
    const status = 'Name:\tnode\nCapEff:\t00000000a80425fb\n'
    expect(missingCapabilities(['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE'], status)).toEqual(['NET_ADMIN'])
    expect(capabilityHint(['NET_ADMIN'])).toContain('missing capability NET_ADMIN')
    expect(capabilityHint([])).toBe('')
  })

  it('claims nothing where the system does not tell', () => {
    expect(missingCapabilities(['NET_ADMIN'], '')).toEqual([])
  })
})
