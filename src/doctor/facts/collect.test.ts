import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { KubeClient } from '../../kube/api/index.ts'
import { ApiServer, ADMIN, NO_PODS, createStore, readDescription } from '../../lab/index.ts'
import type { Vantage, Vantages } from '../../vantage/vantage.ts'
import { collectFromCluster, collectFromManifests } from './collect.ts'
import type { ClusterFacts } from './facts.ts'
import { podResolvConfOf, routeFactsOf } from './route-facts.ts'

const REFERENCE = resolve(import.meta.dirname, '../../../lab/reference')
const NOW = Date.parse('2020-09-02T06:30:00Z')

let server: ApiServer | undefined
const clients: KubeClient[] = []

beforeAll(async () => {
  const description = readDescription(REFERENCE)
  const store = createStore(description, () => NOW)
  const { kubernetesVersion, serviceCidr } = description
  server = await ApiServer.start({ store, access: NO_PODS, kubernetesVersion, serviceCidr, now: () => NOW })
})

afterAll(async () => {
  for (const client of clients) client.close()
  await server?.close()
})

function client(
  user: { name: string; groups: string[] } = { name: ADMIN.name, groups: [...ADMIN.groups] },
): KubeClient {
  if (server === undefined) throw new Error('no API server')
  const made = new KubeClient(
    {
      context: 'reference',
      cluster: 'reference',
      namespace: 'default',
      server: server.url,
      origin: 'test',
      tls: { insecureSkipVerify: false, ca: server.caCertificate },
      credential: { kind: 'token', token: server.issueToken(user) },
    },
    {},
  )
  clients.push(made)
  return made
}

async function fromManifests(...paths: string[]): Promise<ClusterFacts> {
  const { facts } = await collectFromManifests({ paths, stdin: Readable.from([]), now: NOW })
  return facts
}

describe('collectFromManifests()', () => {
  it("finds the reference cluster's DNS by what it serves", async () => {
    const { dns, serverVersion, missing, source } = await fromManifests(REFERENCE)
    expect(dns.service?.service.meta.name).toBe('coredns')
    expect(dns.service?.clusterIPs).toEqual(['10.233.0.3'])
    expect(dns.service?.foundBy).toContain('label k8s-app=kube-dns')
    expect(
      dns.replicas.map(({ ips, node, ready, selected, version }) => ({ ips, node, ready, selected, version })),
    ).toEqual([
      { ips: ['10.233.74.65'], node: 'node4', ready: true, selected: true, version: '1.6.9' },
      { ips: ['10.233.71.1'], node: 'node3', ready: true, selected: true, version: '1.6.9' },
    ])
    expect(dns.corefile?.configMap).toEqual({ namespace: 'kube-system', name: 'coredns', key: 'Corefile' })
    expect(dns.clusterDomain).toMatchObject({ value: 'cluster.local', origin: 'stated' })
    expect(dns.otherServers).toEqual([])
    expect(serverVersion).toMatchObject({ gitVersion: 'v1.17.6', major: 1, minor: 17 })
    expect(missing).toEqual([])
    expect(source).toMatchObject({ kind: 'manifests', server: '' })
  })

  it("reads the node cache's flags, Corefile and pods", async () => {
    const [cache, ...more] = (await fromManifests(REFERENCE)).dns.nodeCaches
    expect(more).toEqual([])
    expect(cache).toMatchObject({
      name: 'nodelocaldns',
      localIPs: ['169.254.25.10'],
      upstreamService: 'coredns',
      upstreamIPs: ['10.233.0.3'],
      metricsPort: 9253,
      healthAddress: '169.254.25.10:9254',
    })
    expect(cache?.pods.map(({ node }) => node)).toEqual(['node1', 'node2', 'node3', 'node4'])
    expect(cache?.corefile?.blocks).toHaveLength(4)
  })

  it("observes kubelet's settings in the nodes' files beside the manifests", async () => {
    const { nodes } = await fromManifests(REFERENCE)
    const node4 = nodes.find(({ name }) => name === 'node4')
    expect(node4?.kubelet.clusterDNS).toEqual({
      value: ['169.254.25.10'],
      origin: 'observed',
      from: 'node4:/var/lib/kubelet/config.yaml, clusterDNS',
    })
    expect(node4?.kubelet.resolvConf).toMatchObject({ value: '/run/systemd/resolve/resolv.conf', origin: 'observed' })
    expect(node4?.resolvConf?.conf.nameservers).toEqual(['100.64.11.3', '1.2.4.8'])
  })

  it('does not say that a file is missing on a node when the manifests merely lack it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fathom-facts-'))
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }
    writeFileSync(join(folder, 'all.json'), JSON.stringify(node))
    const missing = {
      what: 'node/n1/resolvConf',
      why: 'the manifests do not hold /etc/resolv.conf of n1',
      needs: 'a folder of manifests that holds it as nodes/n1/etc/resolv.conf',
    }
    expect((await fromManifests(folder)).missing).toContainEqual(missing)
    expect((await fromManifests(join(folder, 'all.json'))).missing).toContainEqual(missing)
    rmSync(folder, { recursive: true })
  })

  it('holds no functions: JSON gives it back unchanged', async () => {
    const facts = await fromManifests(REFERENCE)
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts)
  })

  it('says what the manifests lack, and infers what it can', async () => {
    const facts = await fromManifests(
      resolve(REFERENCE, 'kube-system/coredns.yaml'),
      resolve(REFERENCE, 'kube-system/nodelocaldns.yaml'),
    )
    expect(facts.missing.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['endpointSlices', 'namespaces', 'nodes', 'node/node3/resolvConf']),
    )
    expect(facts.nodes[0]?.kubelet.clusterDNS).toEqual({
      value: ['169.254.25.10'],
      origin: 'computed',
      from: "-localip of DaemonSet kube-system/nodelocaldns (kubelet's configuration was not seen)",
    })
    expect(facts.nodes[0]?.kubelet.resolvConf).toMatchObject({ value: '/etc/resolv.conf', origin: 'assumed' })
  })
})

describe('collectFromCluster()', () => {
  it('gives what the manifests give, with at most 20 requests', async () => {
    const made = client()
    const requests = vi.spyOn(made, 'getJson')
    const facts = await collectFromCluster(made, { now: NOW })
    const other = await fromManifests(REFERENCE)
    expect(requests.mock.calls.length).toBeLessThanOrEqual(20)
    const names = (list: readonly { meta: { namespace: string; name: string } }[]): string[] =>
      list.map(({ meta }) => `${meta.namespace}/${meta.name}`).toSorted()
    for (const kind of ['services', 'endpointSlices', 'pods', 'nodes', 'namespaces'] as const) {
      expect([kind, ...names(facts.objects[kind])]).toEqual([kind, ...names(other.objects[kind])])
    }
    expect(facts.dns.service?.clusterIPs).toEqual(other.dns.service?.clusterIPs)
    expect(facts.dns.replicas.map(({ ips }) => ips)).toEqual(other.dns.replicas.map(({ ips }) => ips))
    expect(facts.serverVersion?.gitVersion).toBe('v1.17.6')
    expect(facts.source).toMatchObject({ kind: 'kubeconfig', context: 'reference' })
  })

  it("takes kubelet's settings from the ConfigMap, as stated, when no file can be read", async () => {
    const facts = await collectFromCluster(client(), { now: NOW })
    expect(facts.nodes[0]?.kubelet.clusterDNS).toEqual({
      value: ['169.254.25.10'],
      origin: 'stated',
      from: 'ConfigMap kube-system/kubelet-config-1.17, clusterDNS',
    })
    expect(facts.missing.filter(({ what }) => what.endsWith('/resolvConf'))).toHaveLength(4)
  })

  it("reads nodes' files through vantages, and says why it could not", async () => {
    const asked: string[] = []
    const vantages: Vantages = {
      async at(place) {
        if (place.kind !== 'node' || place.name === 'node1')
          return { kind: 'skipped', why: 'not allowed', needs: 'root on node1' }
        const vantage: Vantage = {
          place,
          how: 'test',
          exchange: async () => ({ kind: 'skipped', why: 'test' }),
          httpGet: async () => ({ kind: 'skipped', why: 'test' }),
          kernelTables: async () => ({ kind: 'skipped', why: 'test' }),
          async readFile(path) {
            asked.push(path)
            if (path === '/var/lib/kubelet/config.yaml')
              return { kind: 'file', text: 'clusterDNS: [10.0.0.9]\nclusterDomain: k8s.example.\nresolvConf: /x\n' }
            return path === '/x' ? { kind: 'file', text: 'nameserver 10.9.9.9\n' } : { kind: 'absent' }
          },
        }
        return vantage
      },
      close: async () => {},
    }
    const facts = await collectFromCluster(client(), { now: NOW, vantages })
    const node2 = facts.nodes.find(({ name }) => name === 'node2')
    expect(node2?.kubelet).toMatchObject({
      clusterDNS: { value: ['10.0.0.9'], origin: 'observed' },
      clusterDomain: { value: 'k8s.example' },
    })
    expect(node2?.resolvConf?.conf.nameservers).toEqual(['10.9.9.9'])
    expect(facts.missing).toContainEqual({ what: 'node/node1/kubelet', why: 'not allowed', needs: 'root on node1' })
    expect(facts.dns.otherServers).toEqual([
      {
        name: 'a server that no Service and no node cache explains',
        isKnown: false,
        addresses: ['10.0.0.9'],
        from: "kubelet's clusterDNS",
      },
    ])
    expect(asked).toContain('/var/lib/kubelet/kubeadm-flags.env')
  })

  it('misses everything, each with the right it needs, when the user may list nothing', async () => {
    const { missing, objects } = await collectFromCluster(client({ name: 'nobody', groups: [] }), { now: NOW })
    expect(objects.pods).toEqual([])
    for (const needs of ['list services', 'list pods', 'list nodes', 'list configmaps in namespace kube-system']) {
      expect(missing).toContainEqual(expect.objectContaining({ why: 'forbidden', needs }))
    }
  })

  it('goes on without what is forbidden', async () => {
    const made = client()
    const getJson = made.getJson.bind(made)
    const nobody = client({ name: 'nobody', groups: [] })
    vi.spyOn(made, 'getJson').mockImplementation((path, options) =>
      path === '/api/v1/nodes' ? nobody.getJson(path, options) : getJson(path, options),
    )
    const facts = await collectFromCluster(made, { now: NOW })
    expect(facts.missing).toContainEqual({ what: 'nodes', why: 'forbidden', needs: 'list nodes' })
    expect(facts.nodes.map(({ name }) => name)).toEqual(['node1', 'node2', 'node3', 'node4'])
  })
})

describe('podResolvConfOf()', () => {
  it("computes the story's files: ClusterFirst asks the node cache, Default on node4 the dead nameserver", async () => {
    const facts = await fromManifests(REFERENCE)
    const pod = (namespace: string, test: (name: string, node: string) => boolean) => {
      const found = facts.objects.pods.find(
        ({ meta, spec }) => meta.namespace === namespace && test(meta.name, spec.nodeName),
      )
      if (found === undefined) throw new Error('no such pod')
      return podResolvConfOf(facts, found)
    }
    expect(pod('default', (name) => name === 'console').conf).toMatchObject({
      nameservers: ['169.254.25.10'],
      options: ['ndots:5'],
    })
    expect(pod('shop', (name, node) => name.startsWith('worker') && node === 'node4').conf.nameservers).toEqual([
      '100.64.11.3',
      '1.2.4.8',
    ])
    const onNode3 = pod('kube-system', (name, node) => name.startsWith('coredns') && node === 'node3')
    expect(onNode3.conf.nameservers).toEqual(['100.64.11.3', '114.114.114.114', '119.29.29.29'])
    expect(onNode3.events).toEqual(['DNSConfigForming'])
  })

  it('tells the route which upstreams each replica has', async () => {
    const { replicas, nodeCaches } = routeFactsOf(await fromManifests(REFERENCE))
    expect(replicas.map(({ node, resolvConf }) => [node, resolvConf?.nameservers.length])).toEqual([
      ['node4', 2],
      ['node3', 3],
    ])
    expect(nodeCaches).toHaveLength(4)
  })
})
