import { describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../../test/support/causes/index.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'

describe('dns-service-selector-mismatch beside dns-service-no-endpoints', () => {
  it('is suspected, and service-ip-unreachable not checked, while no pod is ready', async () => {
    const both = CAUSE_FIXTURES['dns-service-selector-mismatch'].nearMisses[0]
    const { causes, excluded, notChecked } = (await diagnoseFixture(both.make())).verdict
    expect(causes.map(({ code, status }) => `${code} ${status}`)).toEqual([
      'dns-service-no-endpoints proven',
      'dns-service-selector-mismatch suspected',
    ])
    expect(excluded.map(({ code }) => code)).not.toContain('service-ip-unreachable')
    expect(notChecked.find(({ code }) => code === 'service-ip-unreachable')?.why).toEqual({
      key: 'not-checked.nothing-behind-service',
      values: { service: 'kube-system/kube-dns' },
    })
  })
})
