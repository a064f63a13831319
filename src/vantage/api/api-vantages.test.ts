import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startLabApi } from '../../../test/support/lab-api.ts'
import type { LabApi } from '../../../test/support/lab-api.ts'
import { labClient } from '../../../test/support/lab-client.ts'
import { podPrograms } from '../../../test/support/pod-programs.ts'
import type { PodPrograms } from '../../../test/support/pod-programs.ts'
import { startScriptedServer } from '../../../test/support/scripted-server.ts'
import { roleObjects } from '../../cli/rbac/role-objects.ts'
import type { RbacRule } from '../../cli/rbac/tiers.ts'
import { query, response } from '../../dns/index.ts'
import { collectFromCluster } from '../../doctor/facts/index.ts'
import type { KubeClient } from '../../kube/api/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import type { ExchangeRequest, Place, Vantage } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'
import { apiVantages } from './api-vantages.ts'

const REPLICA = { address: '10.233.71.1', port: 53 }
const NODE: Place = { kind: 'node', name: 'node3' }
const DEV = { name: 'dev', groups: [] }

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

interface Rig {
  readonly lab: LabApi
  readonly client: KubeClient
  readonly programs: PodPrograms
  readonly pods: readonly Pod[]
  readonly at: (place: Place) => Promise<Vantage>
}

async function startRig({
  without = [],
  user,
  allowExec = true,
}: { without?: readonly string[]; user?: typeof DEV; allowExec?: boolean } = {}): Promise<Rig> {
  const programs = podPrograms({ without })
  const lab = await startLabApi(programs.access)
  const admin = labClient(lab)
  const client = user === undefined ? admin : labClient(lab, user)
  endings.push(
    () => lab.close(),
    () => admin.close(),
    () => client.close(),
  )
  const { pods } = (await collectFromCluster(admin, { now: 0, kinds: ['pods'] })).objects
  const vantages = apiVantages({ client, pods, allowExec })
  const at = async (place: Place): Promise<Vantage> => {
    const vantage = await vantages.at(place)
    if ('kind' in vantage) throw new Error(vantage.why)
    return vantage
  }
  return { lab, client, programs, pods, at }
}

function question(fields: Partial<ExchangeRequest> = {}): ExchangeRequest {
  const message = query({ name: 'kubernetes.default.svc.cluster.local.', type: 'A' })
  return { server: REPLICA, message, transport: 'tcp', timeoutMs: 5000, ...fields }
}

async function listen(onConnection: Parameters<typeof createServer>[1]): Promise<number> {
  const server: Server = createServer({}, onConnection)
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  endings.push(() => server.close())
  return (server.address() as AddressInfo).port
}

describe('apiVantages(): DNS by port-forward', () => {
  it('asks a replica over TCP, from its own node', async () => {
    const { at, programs } = await startRig()
    const server = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
    endings.push(() => server.close())
    programs.ports.set(53, server.port)
    const result = await (await at(NODE)).exchange(question({ id: 4711 }))
    expect(result).toMatchObject({ kind: 'response', transport: 'tcp', message: { id: 4711 } })
    expect(server.queries).toHaveLength(1)
  })

  it.each([
    { title: 'UDP', fields: { transport: 'udp' }, why: /carries no UDP/ },
    { title: 'a Service IP', fields: { server: { address: '10.233.0.3', port: 53 } }, why: /only pods/ },
    {
      title: 'a link-local address',
      fields: { server: { address: '169.254.25.10', port: 53 } },
      why: /local to a node/,
    },
    { title: "another node's replica", fields: { server: { address: '10.233.74.65', port: 53 } }, why: /own node/ },
  ] as const)('skips $title and says why and what to do', async ({ fields, why }) => {
    const { at } = await startRig()
    const result = await (await at(NODE)).exchange(question(fields))
    expect(result).toMatchObject({ kind: 'skipped', needs: expect.stringContaining('fathom') as string })
    expect('why' in result ? result.why : '').toMatch(why)
  })

  it('asks a pod itself from inside, and nobody else', async () => {
    const { at, programs, pods } = await startRig()
    const server = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
    endings.push(() => server.close())
    programs.ports.set(53, server.port)
    const replica = pods.find(({ podIPs }) => podIPs.includes(REPLICA.address))
    const pod = await at({ kind: 'pod', namespace: 'kube-system', name: replica?.meta.name ?? '' })
    const own = { server: { address: '127.0.0.1', port: 53 } }
    expect(await pod.exchange(question(own))).toMatchObject({ kind: 'response' })
    expect(await pod.exchange(question({ server: { address: '10.233.0.3', port: 53 } }))).toMatchObject({
      kind: 'skipped',
    })
    expect(await pod.exchange(question({ ...own, transport: 'udp' }))).toMatchObject({ kind: 'skipped' })
  })

  it('tells a closed port from one that stays silent', async () => {
    const { at, programs } = await startRig()
    const node = await at(NODE)
    expect(await node.exchange(question())).toMatchObject({ kind: 'refused', detail: 'connection refused' })
    programs.ports.set(53, await listen((socket) => endings.push(() => socket.destroy())))
    expect(await node.exchange(question({ timeoutMs: 300 }))).toMatchObject({ kind: 'timeout' })
  })

  it('calls a connection that the pod ends before its response closed', async () => {
    const { at, programs } = await startRig()
    programs.ports.set(53, await listen((socket) => socket.once('data', () => socket.end(Buffer.of(0, 9, 1)))))
    const result = await (await at(NODE)).exchange(question())
    expect(result).toMatchObject({ kind: 'closed', detail: 'end of file after 3 octets of an unfinished message' })
  })

  it('survives an API server that ends in the middle', async () => {
    const { at, programs, lab } = await startRig()
    programs.ports.set(53, await listen((socket) => socket.once('data', () => void lab.close())))
    const result = await (await at(NODE)).exchange(question())
    expect(result).toMatchObject({ kind: 'unreachable', detail: 'the API server closed the connection (code 1006)' })
    expect(await (await at(NODE)).exchange(question())).toMatchObject({
      kind: 'skipped',
      why: expect.stringContaining('Cannot reach the API server') as string,
    })
  })
})

describe('apiVantages(): rights', () => {
  it('names the right that is missing, and asks nothing', async () => {
    const { at, programs } = await startRig({ user: DEV })
    const node = await at(NODE)
    expect(await node.exchange(question())).toEqual({
      kind: 'skipped',
      why: 'forbidden',
      needs: 'create, get pods/portforward in kube-system',
    })
    const page = { server: { address: REPLICA.address, port: 9153 }, path: '/metrics', timeoutMs: 1000 }
    expect(await node.httpGet(page)).toMatchObject({ kind: 'skipped', needs: 'get pods/proxy in kube-system' })
    expect(await node.readFile('/etc/resolv.conf')).toMatchObject({ needs: 'create, get pods/exec in kube-system' })
    expect(programs.commands).toEqual([])
  })

  it.each([
    { tier: 1, proxy: 'skipped', exchange: 'skipped', file: 'skipped' },
    { tier: 2, proxy: 'failed', exchange: 'skipped', file: 'skipped' },
    { tier: 3, proxy: 'failed', exchange: 'refused', file: 'skipped' },
    { tier: 4, proxy: 'failed', exchange: 'refused', file: 'file' },
  ])('does with the roles of tier $tier what that tier is for, and no more', async ({ tier, ...wanted }) => {
    const { at, lab } = await startRig({ user: DEV })
    await bind(lab, tier)
    const node = await at(NODE)
    const page = { server: { address: REPLICA.address, port: 9153 }, path: '/metrics', timeoutMs: 1000 }
    const [proxy, exchange, file] = await Promise.all([
      node.httpGet(page),
      node.exchange(question()),
      node.readFile('/etc/resolv.conf'),
    ])
    expect({ proxy: proxy.kind, exchange: exchange.kind, file: file.kind }).toEqual(wanted)
  })

  // What each right of a tier is for: without it, and with everything else, that alone is skipped, by name.
  it.each([
    { tier: 2, resource: 'pods/proxy', verb: 'get', probe: 'page' },
    { tier: 3, resource: 'pods/portforward', verb: 'create', probe: 'exchange' },
    { tier: 3, resource: 'pods/portforward', verb: 'get', probe: 'exchange' },
    { tier: 4, resource: 'pods/exec', verb: 'create', probe: 'file' },
    { tier: 4, resource: 'pods/exec', verb: 'get', probe: 'file' },
    { tier: 5, resource: 'pods/ephemeralcontainers', verb: 'patch', probe: 'container' },
    { tier: 5, resource: 'pods/exec', verb: 'create', probe: 'container' },
    { tier: 5, resource: 'pods/exec', verb: 'get', probe: 'container' },
  ] as const)('tier $tier without $verb of $resource skips the $probe, and says so', async ({ tier, ...missing }) => {
    const { at, lab, client, pods } = await startRig({ user: DEV })
    const scope = missing.probe === 'container' ? 'shop' : 'kube-system'
    await bind(lab, tier, (rule, namespace) => {
      const isMeant = namespace === scope && rule.resources.includes(missing.resource)
      return isMeant ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== missing.verb) } : rule
    })
    const node = await at(NODE)
    const page = { server: { address: REPLICA.address, port: 9153 }, path: '/metrics', timeoutMs: 1000 }
    const probes = {
      page: () => node.httpGet(page),
      exchange: () => node.exchange(question()),
      file: () => node.readFile('/etc/resolv.conf'),
      container: async () => {
        const pod = { namespace: 'shop', name: 'web-5f6d8b9c47-2lkqs' }
        const vantages = apiVantages({ client, pods, allowExec: true, ephemeral: { pod, say: () => undefined } })
        const vantage = await vantages.at({ kind: 'pod', ...pod })
        await vantages.close()
        return 'kind' in vantage ? vantage : ({ kind: 'open' } as const)
      },
    }
    const result = await probes[missing.probe]()
    expect(result).toMatchObject({ kind: 'skipped', why: 'forbidden' })
    const { needs = '' } = result as Skipped
    expect(needs).toContain(missing.verb)
    expect(needs).toContain(`${missing.resource} in ${scope}`)
    // The others of the tiers below go on.
    if (tier === 4) expect(await probes.exchange()).toMatchObject({ kind: 'refused' })
  })

  it('adds a container with exactly the roles of tier 5', async () => {
    const { lab, client, pods } = await startRig({ user: DEV })
    await bind(lab, 5)
    const pod = { namespace: 'shop', name: 'web-5f6d8b9c47-2lkqs' }
    const vantages = apiVantages({ client, pods, allowExec: false, ephemeral: { pod, say: () => undefined } })
    endings.push(() => vantages.close())
    const vantage = await vantages.at({ kind: 'pod', ...pod })
    if ('kind' in vantage) throw new Error(vantage.why)
    expect(await vantage.readFile('/etc/hosts')).toMatchObject({ kind: 'file' })
  })

  it('runs no command without consent', async () => {
    const { at, programs } = await startRig({ allowExec: false })
    const tables = await (await at(NODE)).kernelTables({ addresses: [], timeoutMs: 1000 })
    expect(tables).toMatchObject({ kind: 'skipped', needs: '--allow exec' })
    expect(programs.commands).toEqual([])
  })
})

describe('apiVantages(): what containers show', () => {
  it('reads tables in few sessions, each with its own reason where it is missing', async () => {
    const { at, programs } = await startRig()
    const tables = await (await at(NODE)).kernelTables({ addresses: ['10.233.0.3'], timeoutMs: 10_000 })
    expect(tables).toMatchObject({ sysctls: { 'net.ipv4.ip_forward': expect.any(String) as string } })
    expect(programs.commands.length).toBeLessThan(8)
    expect(programs.running.size).toBe(0)
  })

  it('says that an image has no shell, and what to do instead', async () => {
    const { at, pods } = await startRig({ without: ['sh', 'cat'] })
    const replica = pods.find(({ podIPs }) => podIPs.includes(REPLICA.address))
    const pod = await at({ kind: 'pod', namespace: 'kube-system', name: replica?.meta.name ?? '' })
    expect(await pod.readFile('/etc/resolv.conf')).toMatchObject({
      kind: 'skipped',
      why: `container coredns of pod kube-system/${replica?.meta.name} has no "cat"`,
      needs: expect.stringContaining('on its node as root') as string,
    })
    const tables = await pod.kernelTables({ addresses: [], timeoutMs: 2000 })
    expect(tables).toMatchObject({ sysctls: { kind: 'skipped', why: expect.stringContaining('no "sh"') as string } })
  })

  it('says of a pod that is gone, pending or ended what it is', async () => {
    const { client, pods } = await startRig()
    const [first] = pods
    if (first === undefined) throw new Error('the reference cluster has pods')
    const changed = [
      { ...first, meta: { ...first.meta, name: 'waits' }, spec: { ...first.spec, nodeName: '' }, phase: 'Pending' },
      { ...first, meta: { ...first.meta, name: 'ended' }, phase: 'Succeeded' },
    ]
    const vantages = apiVantages({ client, pods: changed, allowExec: true })
    const { namespace } = first.meta
    const whyOf = async (name: string): Promise<unknown> => vantages.at({ kind: 'pod', namespace, name })
    expect(await whyOf('nobody')).toMatchObject({ why: `pod ${namespace}/nobody is gone` })
    expect(await whyOf('waits')).toMatchObject({
      why: `pod ${namespace}/waits is Pending: no network namespace yet; no node runs it`,
    })
    expect(await whyOf('ended')).toMatchObject({
      why: `pod ${namespace}/ended has ended (Succeeded): its network namespace is gone`,
    })
  })

  it('finds a pod gone that went after it was listed', async () => {
    const { at, lab } = await startRig()
    const node = await at(NODE)
    for (const { name } of await kubeProxies(lab)) {
      await lab.call(`/api/v1/namespaces/kube-system/pods/${name}`, { method: 'DELETE' })
    }
    expect(await node.readFile('/etc/resolv.conf')).toMatchObject({
      kind: 'skipped',
      why: expect.stringMatching(/not found/) as string,
    })
  })
})

async function bind(
  lab: LabApi,
  tier: number,
  change: (rule: RbacRule, namespace: string | undefined) => RbacRule = (rule) => rule,
): Promise<void> {
  const subject = { kind: 'User', name: DEV.name } as const
  const names = { name: 'fathom', dnsNamespace: 'kube-system', applicationNamespace: 'shop' }
  for (const object of roleObjects({ tier, ...names, subject })) {
    const { namespace } = object.metadata
    const scope = namespace === undefined ? '' : `/namespaces/${namespace}`
    const path = `/apis/rbac.authorization.k8s.io/v1${scope}/${object.kind.toLowerCase()}s`
    const rules = object.rules?.map((rule) => change(rule, namespace)).filter(({ verbs }) => verbs.length > 0)
    const body = rules === undefined ? object : { ...object, rules }
    expect((await lab.call(path, { method: 'POST', body })).status).toBe(201)
  }
}

async function kubeProxies(lab: LabApi): Promise<{ name: string }[]> {
  const { json } = await lab.call('/api/v1/namespaces/kube-system/pods')
  const { items } = json as { readonly items: readonly { readonly metadata: { readonly name: string } }[] }
  return items.map(({ metadata }) => metadata).filter(({ name }) => name.startsWith('kube-proxy'))
}
