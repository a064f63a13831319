import { describe, expect, it } from 'vitest'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import { smallCluster } from '../../../../test/support/small-cluster.ts'

/** What comes of a pod with this file that asks for a name. */
async function diagnose(file: string, name: string): Promise<{ readonly exitsWith: string; readonly text: string }> {
  const place = { kind: 'pod', namespace: 'db', name: 'db-0' } as const
  const { verdict } = await diagnoseFixture({
    cluster: smallCluster(),
    origins: [{ place, node: 'node3' }],
    podFiles: { 'db/db-0': file },
    searches: ['db.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    name,
  })
  const found = [...verdict.causes, ...verdict.observations].filter(({ code }) => code === 'pod-resolv-conf-outdated')
  return { exitsWith: verdict.outcome, text: JSON.stringify(found) }
}

describe('podResolvConfOutdated', () => {
  it('is the cause where the search list of the file never leads to the name that exists', async () => {
    const { exitsWith, text } = await diagnose('nameserver 169.254.20.10\noptions ndots:5\n', 'db')
    expect({ exitsWith, isSaid: text.includes('never-asked') }).toEqual({ exitsWith: 'proven', isSaid: true })
  })

  it('is an observation where the name is asked for all the same', async () => {
    const file = 'nameserver 169.254.20.10\noptions ndots:5\n'
    const { exitsWith, text } = await diagnose(file, 'db.db.svc.cluster.local')
    expect({ exitsWith, isSaid: text.includes('never-asked') }).toEqual({ exitsWith: 'healthy', isSaid: false })
    expect(text).not.toBe('[]')
  })
})
