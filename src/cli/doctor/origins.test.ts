import { describe, expect, it } from 'vitest'
import { networkInterfaces } from 'node:os'
import { PassThrough, Readable } from 'node:stream'
import { factsOf, findObject, replace, smallCluster } from '../../../test/support/small-cluster.ts'
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import { KubeClient } from '../../kube/api/index.ts'
import type { ClusterAccess } from '../../kube/api/index.ts'
import type { Vantages } from '../../vantage/vantage.ts'
import type { Io } from '../command.ts'
import { parseDoctorArgs } from './options.ts'
import type { DoctorOptions } from './options.ts'
import { choosePlaces } from './origins.ts'

function ioWith(env: Record<string, string> = {}): Io {
  return { stdout: new PassThrough(), stderr: new PassThrough(), stdin: Readable.from([]), env, color: false }
}

function optionsOf(...args: string[]): DoctorOptions {
  const options = parseDoctorArgs(args, ioWith())
  if (options === undefined) throw new Error('these arguments only ask for help')
  return options
}

const NO_CLUSTER: ClusterAccess = {
  context: 'test',
  cluster: 'test',
  namespace: 'default',
  server: '',
  origin: 'test',
  tls: { insecureSkipVerify: false },
  credential: { kind: 'none' },
}

const NOWHERE: Vantages = { at: async () => ({ kind: 'skipped', why: 'test' }), close: async () => {} }

async function clusterFacts(server: string): Promise<ClusterFacts> {
  const facts = await factsOf(smallCluster())
  return { ...facts, source: { ...facts.source, kind: 'kubeconfig', server } }
}

describe('choosePlaces()', () => {
  it('gives no vantage with a kubeconfig alone: cluster addresses may belong to others', async () => {
    const places = choosePlaces(await clusterFacts('https://10.0.0.1:6443'), optionsOf(), {
      io: ioWith(),
      labVantages: undefined,
    })
    expect(places.vantages).toBeUndefined()
    expect(places.origins.map(({ skip }) => skip?.why.key)).toEqual(['skip.no-place', 'skip.no-place', 'skip.no-place'])
  })

  it('gives every node through the API server where there is a client, and the pod that is named', async () => {
    const facts = await clusterFacts('https://10.0.0.1:6443')
    const client = new KubeClient({ ...NO_CLUSTER, server: facts.source.server }, {})
    const [pod] = facts.objects.pods
    const name = `${pod?.meta.namespace}/${pod?.meta.name}`
    const places = choosePlaces(facts, optionsOf('--from', name), { io: ioWith(), labVantages: undefined, client })
    expect(places.origins.map(({ place, skip }) => [place.kind, skip])).toEqual([
      ['node', undefined],
      ['node', undefined],
      ['node', undefined],
      ['pod', undefined],
    ])
    const vantage = await places.vantages?.at({ kind: 'node', name: 'node1' })
    expect(vantage).toMatchObject({ how: 'API server' })
  })

  it('asks from this machine under --direct, and marks the other nodes as elsewhere', async () => {
    const places = choosePlaces(await clusterFacts('https://10.0.0.1:6443'), optionsOf('--direct'), {
      io: ioWith(),
      labVantages: undefined,
    })
    expect(places.vantages).toBeDefined()
    expect(places.origins[0]).toEqual({ place: { kind: 'here' } })
    expect(places.origins.slice(1).map(({ skip }) => skip?.why.key)).toEqual([
      'skip.other-node',
      'skip.other-node',
      'skip.other-node',
    ])
  })

  it('knows the node that this machine is by its address', async () => {
    const own =
      Object.values(networkInterfaces())
        .flat()
        .find((one) => one !== undefined)?.address ?? '127.0.0.1'
    const cluster = smallCluster()
    replace(findObject(cluster, 'Node', 'node2'), 'status', { addresses: [{ type: 'InternalIP', address: own }] })
    const facts = await factsOf(cluster)
    const places = choosePlaces(facts, optionsOf('--from', 'here'), { io: ioWith(), labVantages: undefined })
    expect(places.origins[0]).toEqual({ place: { kind: 'here' }, node: 'node2' })
    expect(places.origins.map(({ node }) => node)).toEqual(['node2', 'node1', 'node3'])
  })

  it('asks from inside a pod of this machine when it is named, with a kubeconfig alone', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((one) => one !== undefined)?.address
    const cluster = smallCluster()
    replace(findObject(cluster, 'Node', 'node3'), 'status', { addresses: [{ type: 'InternalIP', address: own }] })
    const facts = await factsOf(cluster)
    const ofCluster: ClusterFacts = {
      ...facts,
      source: { ...facts.source, kind: 'kubeconfig', server: 'https://10.0.0.1' },
    }
    const at = (from: string): ReturnType<typeof choosePlaces> =>
      choosePlaces(ofCluster, optionsOf('--from', from), { io: ioWith(), labVantages: undefined })
    const inPod = at('db/db-0')
    expect(inPod.vantages).toBeDefined()
    expect(inPod.origins.filter(({ skip }) => skip === undefined)).toEqual([
      { place: { kind: 'pod', namespace: 'db', name: 'db-0' }, node: 'node3' },
    ])
    expect(at('node/node3').origins.map(({ node, skip }) => [node, skip?.why.key])).toEqual([
      ['node1', 'skip.no-place'],
      ['node2', 'skip.no-place'],
      ['node3', undefined],
    ])
    expect(at('default/worker').vantages).toBeUndefined()
  })

  it('asks from a pod of the same cluster without being told, and not from one of another cluster', async () => {
    const io = ioWith({ KUBERNETES_SERVICE_HOST: '10.96.0.1' })
    const same = choosePlaces(await clusterFacts('https://10.96.0.1:443'), optionsOf(), { io, labVantages: undefined })
    expect(same.vantages).toBeDefined()
    const other = choosePlaces(await clusterFacts('https://192.168.7.7:6443'), optionsOf(), {
      io,
      labVantages: undefined,
    })
    expect(other.vantages).toBeUndefined()
  })

  it('asks from every node of a lab, and from the pod given by --from last', async () => {
    const facts = await factsOf(smallCluster())
    const places = choosePlaces(facts, optionsOf('--from', 'db/db-0'), { io: ioWith(), labVantages: NOWHERE })
    expect(places.origins.map(({ place }) => place.kind)).toEqual(['node', 'node', 'node', 'pod'])
    expect(places.pod?.meta.name).toBe('db-0')
  })
})
