import type { COREFILE_CODES } from '../../../src/doctor/causes/corefile/codes.ts'
import {
  crashing,
  denyAt,
  editCorefile,
  invalidCorefile,
  loopingCoreDns,
  removedDirective,
  setChanged,
  setNameservers,
} from './faults.ts'
import { DNS_IP, REPLICAS, UPSTREAMS, corednsPod, removeObject, smallCluster } from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import type { Fixture } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

const STUB = 'corp.example:53 {\n    errors\n    cache 30\n    forward . 10.0.0.9\n}\n'
const STUB_NAME = 'git.corp.example.'
const SERVERS = [DNS_IP, ...Object.values(REPLICAS), '169.254.20.10', ...UPSTREAMS]

export const corefile: GroupFixtures<(typeof COREFILE_CODES)[number]> = {
  'forwarding-loop': {
    has: loopingCoreDns,
    nearMisses: [
      {
        title: 'the file names a loopback address and no log was seen',
        allowed: 'suspected',
        make: () => ({ ...loopingCoreDns(), logs: {} }),
      },
      {
        title: "the loopback address stands in another node's file",
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node3', ['127.0.0.53'])
          return { cluster }
        },
      },
      { title: 'it crashes for a directive that is gone', make: removedDirective },
      { title: 'it crashes for an error in the Corefile', make: invalidCorefile },
    ],
  },
  'corefile-invalid': {
    has: invalidCorefile,
    nearMisses: [
      {
        title: 'everything runs and no log tells of it',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('cache 30', 'cachee 30'))
          return { cluster }
        },
      },
      { title: 'the directive is one that a release took away', make: removedDirective },
      { title: 'the Corefile is right and nobody read it', make: () => editedWithoutReload() },
      { title: 'it crashes for a loop', make: loopingCoreDns },
    ],
  },
  'corefile-not-reloaded': {
    has: editedWithoutReload,
    nearMisses: [
      {
        title: 'nothing fails',
        allowed: 'observation',
        make: () => ({ cluster: editedWithoutReload().cluster }),
      },
      {
        title: 'it has reload',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => STUB + text)
          setChanged(cluster, 'coredns', '2026-01-01T12:00:00Z')
          return { cluster, name: STUB_NAME, rules: [denyAt(SERVERS, STUB_NAME)] }
        },
      },
      {
        title: 'the pods started after the edit',
        make: () => {
          const fixture = editedWithoutReload()
          setChanged(fixture.cluster, 'coredns', '2025-12-31T12:00:00Z')
          return fixture
        },
      },
      { title: 'the Corefile has an error', make: invalidCorefile },
    ],
  },
  'corefile-directive-removed': {
    has: removedDirective,
    nearMisses: [
      {
        title: 'the image is old enough to have it',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('forward .', 'proxy .'))
          setImage(cluster, 'coredns/coredns:1.4.0')
          return { cluster }
        },
      },
      {
        title: 'every pod runs: they may have started with another Corefile',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('ttl 30', 'upstream\n        ttl 30'))
          return { cluster }
        },
      },
      { title: 'the directive never was one', make: invalidCorefile },
      { title: 'it crashes for a loop', make: loopingCoreDns },
      { title: 'it crashes and nobody knows why', make: () => crashing(smallCluster(), undefined) },
    ],
  },
}

function editedWithoutReload(): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, (text) => STUB + text.replace('    reload\n', ''))
  setChanged(cluster, 'coredns', '2026-01-01T12:00:00Z')
  return { cluster, name: STUB_NAME, rules: [denyAt(SERVERS, STUB_NAME)] }
}

function setImage(cluster: SmallCluster, image: string): void {
  for (const [index, [name, ip]] of Object.entries(REPLICAS).entries()) {
    removeObject(cluster, 'Pod', name)
    const pod = corednsPod(name, ip, `node${index + 1}`)
    const spec = pod['spec'] as { containers: { image: string }[] }
    for (const container of spec.containers) container.image = image
    cluster.objects.push(pod)
  }
}
