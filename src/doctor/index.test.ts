import { describe, expect, it } from 'vitest'
import { diagnoseFixture } from '../../test/support/dns-world.ts'
import { smallCluster } from '../../test/support/small-cluster.ts'

describe('diagnose()', () => {
  it('finds a healthy cluster healthy: no cause, no observation, nothing unexplained', async () => {
    const { verdict, ladder } = await diagnoseFixture({ cluster: smallCluster() })
    expect(ladder.rungs.filter(({ result }) => result !== 'ok').map(({ id, why }) => ({ id, why }))).toEqual([])
    expect(verdict).toMatchObject({
      outcome: 'healthy',
      main: undefined,
      causes: [],
      observations: [],
      unexplained: [],
    })
  })
})
