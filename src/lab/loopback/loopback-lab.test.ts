// The whole lab in this process: real sockets, our own servers, the faults shown by plain questions, never by the doctor.
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { query } from '../../dns/index.ts'
import type { Message } from '../../dns/index.ts'
import type { ExchangeResult, Transport } from '../../net/exchange-result.ts'
import type { HttpResult, Place, Skipped, Vantage, Vantages } from '../../vantage/index.ts'
import { readDescription } from '../cluster/description.ts'
import { isReadyNow } from '../cluster/pod-status.ts'
import { keyOf, objectsAt, textAt, textMapAt, valueAt } from '../cluster/raw-object.ts'
import { CONFIG_MAP_TYPE, DEPLOYMENT_TYPE, ENDPOINT_SLICE_TYPE, POD_TYPE } from '../cluster/resource-types.ts'
import { FaultLog } from '../faults/fault-log.ts'
import { labVantages } from '../lab-vantage.ts'
import { LoopbackLab } from './loopback-lab.ts'
import { loopbackPlaces } from './loopback-places.ts'
import { loopbackStage } from './loopback-stage.ts'

const DNS_IP = '10.233.0.3'
const REPLICAS = ['10.233.74.65', '10.233.71.1']
const CACHE = '169.254.25.10'
const node = (name: string): Place => ({ kind: 'node', name })
const CONSOLE: Place = { kind: 'pod', namespace: 'default', name: 'console' }
const PTR = { name: '1.0.233.10.in-addr.arpa.', type: 'PTR' }

let lab: LoopbackLab
let faults: FaultLog
let vantages: Vantages

beforeAll(async () => {
  const description = readDescription(resolve(import.meta.dirname, '../../../lab/reference'))
  lab = await LoopbackLab.start(description)
  faults = await FaultLog.open(loopbackStage(lab), description.faults)
  vantages = labVantages(loopbackPlaces(lab), { name: 'test' })
})
afterAll(() => lab.close())

async function vantageAt(place: Place): Promise<Vantage> {
  const vantage = await vantages.at(place)
  if ('kind' in vantage) throw new Error(vantage.why)
  return vantage
}

interface Ask {
  readonly from?: Place
  readonly at: string
  readonly question?: { readonly name: string; readonly type: string }
  readonly transport?: Transport
  readonly timeoutMs?: number
}

async function ask({
  from = node('node2'),
  at,
  question = PTR,
  transport = 'udp',
  timeoutMs = 5000,
}: Ask): Promise<ExchangeResult | Skipped> {
  const vantage = await vantageAt(from)
  const message: Message = query({ ...question, class: 'IN' })
  return vantage.exchange({ server: { address: at, port: 53 }, message, transport, timeoutMs })
}

/** The rcode and RDATA in words, sorted; or what came instead. */
async function answer(asked: Ask): Promise<string> {
  const result = await ask(asked)
  if (result.kind !== 'response') return result.kind
  const rdata = result.message.answer.map(({ rdata: data }) =>
    'address' in data ? data.address : 'ptrdname' in data ? data.ptrdname : data.type,
  )
  return [result.message.rcode, ...rdata.sort()].join(' ')
}

async function get(from: Place, address: string, port: number, path: string): Promise<HttpResult> {
  const vantage = await vantageAt(from)
  return vantage.httpGet({ server: { address, port }, path, timeoutMs: 5000 })
}

const KUBERNETES = 'NOERROR kubernetes.default.svc.cluster.local.'
const REDIS = { name: 'redis-ha.kubesphere-system.svc.cluster.local.', type: 'A' }

describe('LoopbackLab: the reference cluster', () => {
  it.each(['udp', 'tcp'] as const)(
    'answers the canary at Service IP, replicas and node caches over %s',
    async (transport) => {
      const servers = [DNS_IP, ...REPLICAS, CACHE]
      const answers = await Promise.all(servers.map((at) => answer({ at, transport })))
      expect(answers).toEqual(servers.map(() => KUBERNETES))
    },
  )

  it("answers as the story's dig did", async () => {
    expect(await answer({ at: DNS_IP, question: REDIS })).toBe('NOERROR 10.233.102.133 10.233.74.71 10.233.75.4')
    expect(await answer({ at: DNS_IP, question: { name: '133.102.233.10.in-addr.arpa.', type: 'PTR' } })).toBe(
      'NOERROR 10-233-102-133.redis-ha-announce-1.kubesphere-system.svc.cluster.local. redis-ha-server-1.redis-ha.kubesphere-system.svc.cluster.local.',
    )
    expect(
      await answer({
        at: DNS_IP,
        question: { name: 'redis-ha-server-1.kubesphere-system.svc.cluster.local.', type: 'A' },
      }),
    ).toBe('NXDOMAIN')
  })

  it('gives a pod the node cache of its own node', async () => {
    expect(await answer({ from: CONSOLE, at: CACHE, question: { name: 'example.com.', type: 'A' } })).toBe(
      'NOERROR 192.0.2.10',
    )
  })

  it('has a private resolver that knows more than the public ones', async () => {
    const question = { name: 'git.corp.example.', type: 'A' }
    expect(await answer({ at: '100.64.11.3', question })).toBe('NOERROR 100.64.20.5')
    expect(await answer({ at: '114.114.114.114', question })).toBe('NXDOMAIN')
  })

  it('never answers at 1.2.4.8 nor at any address that the lab does not have', async () => {
    for (const at of ['1.2.4.8', '8.8.8.8', '10.233.18.22'])
      expect(await answer({ at, timeoutMs: 200 })).toBe('timeout')
    expect(await answer({ at: '1.2.4.8', transport: 'tcp', timeoutMs: 200 })).toBe('timeout')
  })

  it('refuses at closed ports of addresses that are there', async () => {
    expect(await answer({ at: '10.233.75.12' })).toBe('refused')
    expect(await answer({ at: '10.233.75.12', transport: 'tcp' })).toBe('refused')
  })

  it.each([
    { address: '10.233.74.65', port: 9153, path: '/metrics' },
    { address: '10.233.74.65', port: 8080, path: '/health' },
    { address: '10.233.74.65', port: 8181, path: '/ready' },
    { address: '192.168.0.3', port: 9253, path: '/metrics' },
    { address: '192.168.0.3', port: 9353, path: '/metrics' },
    { address: '192.168.0.3', port: 9353, path: '/ready' },
    { address: CACHE, port: 9254, path: '/health' },
    { address: '192.168.0.3', port: 10_256, path: '/healthz' },
    { address: DNS_IP, port: 9153, path: '/metrics' },
  ])('serves $path on port $port', async ({ address, port, path }) => {
    expect(await get(node('node2'), address, port, path)).toMatchObject({ kind: 'response', status: 200 })
  })

  it('shows the files of nodes and pods', async () => {
    const read = async (place: Place, path: string): Promise<unknown> => (await vantageAt(place)).readFile(path)
    expect(await read(node('node3'), '/run/systemd/resolve/resolv.conf')).toMatchObject({
      text: expect.stringContaining('nameserver 1.2.4.8') as string,
    })
    expect(await read(CONSOLE, '/etc/resolv.conf')).toMatchObject({
      text: expect.stringContaining('nameserver 169.254.25.10') as string,
    })
    expect(await read(CONSOLE, '/nothing')).toEqual({ kind: 'absent' })
  })

  it('has no places beyond its nodes and pods', async () => {
    expect(await vantages.at(node('node9'))).toMatchObject({ kind: 'skipped', why: 'lab "test" has no node node9' })
    expect(await vantages.at({ kind: 'pod', namespace: 'default', name: 'x' })).toMatchObject({ kind: 'skipped' })
  })

  it('keeps what its servers log, for kubectl logs', () => {
    const pod = lab.store.get(POD_TYPE, 'kube-system', 'coredns-79c6f6447f-hp7ng')
    const lines = (pod === undefined ? undefined : lab.pods.log(pod, 'coredns'))?.lines() ?? []
    expect(lines.map((line) => line.text)).toContain('.:53')
  })
})

describe('LoopbackLab: faults', () => {
  it("has the story's fault from the start: the replica on node4 asks 1.2.4.8", async () => {
    expect(await faults.present()).toEqual(['upstream-dead'])
    const upstreams = lab.pods.resolvConf(lab.store.get(POD_TYPE, 'kube-system', 'coredns-79c6f6447f-6f9xp') ?? noPod())
    expect(upstreams).toBe('nameserver 100.64.11.3\nnameserver 1.2.4.8\n')
  })

  it("upstream-dead: healed, the node's pods ask the private resolver alone; injected, 1.2.4.8 is second again", async () => {
    const file = (): string =>
      lab.nodeFiles
        .get('node4')
        ?.get('/etc/resolv.conf')
        ?.replaceAll(/^#.*\n|^\n/gm, '') ?? ''
    const conf = (): string =>
      lab.pods.resolvConf(lab.store.get(POD_TYPE, 'kube-system', 'coredns-79c6f6447f-6f9xp') ?? noPod())
    await faults.heal('upstream-dead')
    expect([file(), conf()]).toEqual(['nameserver 100.64.11.3\n', 'nameserver 100.64.11.3\n'])
    await faults.inject('upstream-dead')
    expect([file(), conf()]).toEqual([
      'nameserver 100.64.11.3\nnameserver 1.2.4.8\n',
      'nameserver 100.64.11.3\nnameserver 1.2.4.8\n',
    ])
    await faults.heal()
    expect(await faults.present()).toEqual([])
  })

  it('dns-service-no-endpoints: the Service IP refuses at once, the replicas are gone', async () => {
    await withFault('dns-service-no-endpoints', async () => {
      expect(await answer({ at: DNS_IP })).toBe('refused')
      expect(await answer({ at: REPLICAS[0] ?? '' })).toBe('refused')
      expect(readyEndpoints('coredns')).toEqual([])
    })
    expect(await answer({ at: DNS_IP })).toBe(KUBERNETES)
  })

  it('dns-service-selector-mismatch: the Service IP refuses, the replicas answer and are ready', async () => {
    await withFault('dns-service-selector-mismatch', async () => {
      expect(await answer({ at: DNS_IP })).toBe('refused')
      expect(await answer({ at: REPLICAS[0] ?? '' })).toBe(KUBERNETES)
      expect(readyReplicas()).toBe(2)
    })
    expect(await answer({ at: DNS_IP })).toBe(KUBERNETES)
  })

  it('replicas-on-one-node: two ready replicas, one node', async () => {
    await withFault('replicas-on-one-node', async () => {
      expect(new Set(replicaNodes()).size).toBe(1)
      expect(await answer({ at: DNS_IP })).toBe(KUBERNETES)
    })
    expect(replicaNodes().sort()).toEqual(['node3', 'node4'])
  })

  it('replica-answers-differ: one replica has no reverse zones', async () => {
    await withFault('replica-answers-differ', async () => {
      const answers = await Promise.all(REPLICAS.map((at) => answer({ at })))
      expect(answers.sort()).toEqual([KUBERNETES, 'NXDOMAIN'])
    })
    expect(await Promise.all(REPLICAS.map((at) => answer({ at })))).toEqual([KUBERNETES, KUBERNETES])
  })

  it('service-ip-unreachable: from node1 the Service IP is silent and the replicas answer; other nodes are fine', async () => {
    await withFault('service-ip-unreachable', async () => {
      expect(await answer({ from: node('node1'), at: DNS_IP, timeoutMs: 200 })).toBe('timeout')
      expect(await answer({ from: node('node1'), at: REPLICAS[0] ?? '' })).toBe(KUBERNETES)
      expect(await answer({ from: node('node2'), at: DNS_IP })).toBe(KUBERNETES)
      expect(await get(node('node1'), '192.168.0.2', 10_256, '/healthz')).toMatchObject({
        kind: 'failed',
        why: 'refused',
      })
    })
    expect(await answer({ from: node('node1'), at: DNS_IP })).toBe(KUBERNETES)
  })

  it('headless-service-no-endpoints: NXDOMAIN, while the announce Services still publish', async () => {
    const announce = { name: 'redis-ha-announce-1.kubesphere-system.svc.cluster.local.', type: 'A' }
    await withFault('headless-service-no-endpoints', async () => {
      await expect.poll(() => freshRcode(REDIS.name), POLL).toBe('NXDOMAIN')
      expect(await answer({ at: REPLICAS[0] ?? '', question: announce })).toBe('NOERROR 10.233.102.133')
    })
  })

  it('statefulset-service-name-wrong: the pod has no name below the Service', async () => {
    const name = 'openldap-0.openldap.kubesphere-system.svc.cluster.local.'
    expect(await freshRcode(name)).toBe('NOERROR')
    await withFault('statefulset-service-name-wrong', async () => {
      await expect.poll(() => freshRcode(name), POLL).toBe('NXDOMAIN')
    })
    await expect.poll(() => freshRcode(name), POLL).toBe('NOERROR')
  })

  it('refuses a fault that does not exist, is in already, or is not in', async () => {
    await expect(faults.inject('bad-luck')).rejects.toThrow(
      'there is no such fault; "fathom lab faults" lists them all',
    )
    await withFault('headless-service-no-endpoints', async () => {
      await expect(faults.inject('headless-service-no-endpoints')).rejects.toThrow('it is in already')
    })
    await expect(faults.heal('headless-service-no-endpoints')).rejects.toThrow('it is not in the lab (in it: none)')
  })
})

describe('LoopbackLab: controllers', () => {
  it('starts a new replica when one is deleted, and Service and endpoints follow', async () => {
    lab.store.delete(POD_TYPE, 'kube-system', 'coredns-79c6f6447f-hp7ng')
    expect(readyEndpoints('coredns')).toEqual(['10.233.74.65'])
    await expect.poll(() => readyReplicas(), POLL).toBe(2)
    const [, fresh = ''] = readyEndpoints('coredns')
    expect(await answer({ at: fresh })).toBe(KUBERNETES)
    expect(replicaNodes().sort()).toEqual(['node3', 'node4'])
  })

  it('scales a Deployment up and down', async () => {
    const scale = (replicas: number): void => {
      const deployment = lab.store.get(DEPLOYMENT_TYPE, 'shop', 'web') ?? noPod()
      lab.store.update(DEPLOYMENT_TYPE, {
        ...deployment,
        spec: { ...(valueAt(deployment, 'spec') as object), replicas },
      })
    }
    const count = (): number =>
      lab.store.list(POD_TYPE, 'shop').filter((pod) => pod.metadata.labels?.['app'] === 'web').length
    scale(5)
    await expect.poll(count, POLL).toBe(5)
    expect(readyEndpoints('web')).toHaveLength(5)
    scale(2)
    await expect.poll(count, POLL).toBe(2)
  })

  it('shows a CoreDNS that cannot start as crashing, with the reason in its log', async () => {
    const map = lab.store.get(CONFIG_MAP_TYPE, 'kube-system', 'coredns') ?? noPod()
    lab.store.update(CONFIG_MAP_TYPE, { ...map, data: { Corefile: '.:53 {\n    proxy . 8.8.8.8\n}\n' } })
    const [pod = noPod()] = coreDnsPods()
    await lab.pods.restart('kube-system', pod.metadata.name)
    const [status] = objectsAt(
      lab.store.get(POD_TYPE, 'kube-system', pod.metadata.name) ?? {},
      'status',
      'containerStatuses',
    )
    expect(textAt(status ?? {}, 'state', 'waiting', 'reason')).toBe('CrashLoopBackOff')
    expect(
      lab.pods
        .log(pod, 'coredns')
        ?.lines()
        .map((line) => line.text)
        .join('\n'),
    ).toContain("Unknown directive 'proxy'")
    lab.store.update(CONFIG_MAP_TYPE, {
      ...(lab.store.get(CONFIG_MAP_TYPE, 'kube-system', 'coredns') ?? noPod()),
      data: textMapAt(map, 'data'),
    })
    await lab.pods.restart('kube-system', pod.metadata.name)
    expect(isReadyNow(lab.store, keyOf(pod))).toBe(true)
  })
})

let freshType = 65_280

/** What a replica says about a name now, past its cache: each time it is asked for a type that nobody asked for. */
async function freshRcode(name: string): Promise<string> {
  freshType += 1
  const result = await ask({ at: REPLICAS[0] ?? '', question: { name, type: `TYPE${freshType}` } })
  return result.kind === 'response' ? result.message.rcode : result.kind
}

const POLL = { timeout: 10_000, interval: 20 }

async function withFault(name: string, check: () => Promise<void>): Promise<void> {
  await faults.inject(name)
  try {
    await check()
  } finally {
    await faults.heal(name)
  }
}

function noPod(): never {
  throw new Error('the object is not there')
}

function coreDnsPods() {
  return lab.store.list(POD_TYPE, 'kube-system').filter((pod) => pod.metadata.labels?.['k8s-app'] === 'kube-dns')
}

function readyReplicas(): number {
  return coreDnsPods().filter((pod) => isReadyNow(lab.store, keyOf(pod))).length
}

function replicaNodes(): string[] {
  return coreDnsPods().map((pod) => textAt(pod, 'spec', 'nodeName'))
}

function readyEndpoints(service: string): string[] {
  return lab.store
    .list(ENDPOINT_SLICE_TYPE)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap((slice) => objectsAt(slice, 'endpoints'))
    .filter((endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false)
    .flatMap((endpoint) => endpoint['addresses'] as string[])
}
