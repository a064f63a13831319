import { describe, expect, it } from 'vitest'
import { fromPod, nodes } from '../../../../test/support/causes/pod-dns.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import { DNS_IP, smallCluster } from '../../../../test/support/small-cluster.ts'
import type { Verdict } from '../../verdict/index.ts'

const NAME = 'db.db.svc.cluster.local'
const RESOLV_CONF = `search db.svc.cluster.local svc.cluster.local cluster.local\nnameserver ${DNS_IP}\noptions ndots:5\n`

describe("hostAliasesShadowDns of a pod's own hosts file", () => {
  it.each([
    ['in full', `127.0.0.1 localhost\n10.9.9.9  other ${NAME} # by hand\n`],
    ['as it was given', '10.9.9.9\tdb.db\n'],
  ])('proves a line that has the name %s', async (_title, hosts) => {
    const verdict = await asked(hosts)
    expect(verdict.main).toMatchObject({
      code: 'host-aliases-shadow-dns',
      values: { ip: '10.9.9.9', owner: 'db/db-0' },
    })
  })

  it.each([
    ['no such line', '127.0.0.1 localhost\n', 'excluded'],
    ['a line that is a comment', `# 10.9.9.9 ${NAME}\n`, 'excluded'],
    ['the address that DNS gives', `10.244.3.9 ${NAME}\n`, 'excluded'],
    ['an address of the other family', `fd00::9 ${NAME}\n`, 'excluded'],
    ['been not read', undefined, 'notChecked'],
  ] as const)('is not proven where it has %s', async (_title, hosts, list) => {
    const verdict = await asked(hosts)
    expect(verdict.causes.map(({ code }) => code)).not.toContain('host-aliases-shadow-dns')
    expect(verdict[list].map(({ code }) => code)).toContain('host-aliases-shadow-dns')
  })
})

async function asked(hosts: string | undefined): Promise<Verdict> {
  const { verdict } = await diagnoseFixture({
    cluster: smallCluster(),
    name: 'db.db',
    origins: [...nodes(), fromPod('db', 'db-0', 'node3')],
    podFiles: { 'db/db-0': RESOLV_CONF },
    ...(hosts === undefined ? {} : { hosts: { 'db/db-0': hosts } }),
  })
  return verdict
}
