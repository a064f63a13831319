import { describe, expect, it } from 'vitest'
import { groupObjects, readList } from '../../../kube/objects/index.ts'
import { deriveDns } from './dns-facts.ts'
import { findDnsServices } from './dns-service.ts'

interface ServiceFields {
  readonly namespace?: string
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ip?: string
  readonly port?: number
}

const service = ({
  namespace = 'kube-system',
  name,
  labels = {},
  ip = '10.96.0.10',
  port = 53,
}: ServiceFields): unknown => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name, labels },
  spec: { clusterIP: ip, ports: [{ port, protocol: 'UDP', name: 'dns' }], selector: { 'k8s-app': 'kube-dns' } },
})

const objects = (...items: unknown[]) => groupObjects([readList(items)])
const found = (given: readonly string[], ...services: ServiceFields[]): string[] =>
  findDnsServices(objects(...services.map(service)), given).map(({ service: { meta } }) => meta.name)

describe('findDnsServices()', () => {
  it.each([
    { name: 'kube-dns', namespace: 'kube-system' },
    { name: 'coredns', namespace: 'kube-system' },
    { name: 'rke2-coredns-rke2-coredns', namespace: 'kube-system' },
    { name: 'dns-default', namespace: 'openshift-dns' },
  ])('knows $namespace/$name by its name', (fields) => {
    expect(found([], fields)).toEqual([fields.name])
  })

  it('finds a Service of any name by its label, or by the address that pods are given', () => {
    expect(found([], { name: 'names', labels: { 'k8s-app': 'kube-dns' } })).toEqual(['names'])
    expect(found(['10.0.0.53'], { name: 'names', ip: '10.0.0.53', namespace: 'infra' })).toEqual(['names'])
  })

  it("prefers what pods are given over names, and the main Service over the node cache's own", () => {
    expect(found(['10.0.0.2'], { name: 'kube-dns', ip: '10.0.0.1' }, { name: 'coredns', ip: '10.0.0.2' })).toEqual([
      'coredns',
      'kube-dns',
    ])
    const label = { 'k8s-app': 'kube-dns' }
    expect(
      found([], { name: 'kube-dns-upstream', labels: label, ip: '10.0.0.1' }, { name: 'kube-dns', labels: label })[0],
    ).toBe('kube-dns')
  })

  it('leaves out Services without port 53, headless ones, and application Services that are called coredns', () => {
    expect(
      found(
        [],
        { name: 'kube-dns', port: 9153 },
        { name: 'coredns', ip: 'None' },
        { name: 'coredns', namespace: 'default' },
      ),
    ).toEqual([])
  })
})

describe('deriveDns()', () => {
  const coredns = (labels: Readonly<Record<string, string>>, name = 'coredns-1'): unknown => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'kube-system', name, labels },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', image: 'registry.k8s.io/coredns/coredns:v1.11.1@sha256:0' }],
      volumes: [{ name: 'v', configMap: { name: 'my-corefile' } }],
    },
    status: { phase: 'Running', podIP: '10.1.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  })
  const corefile = (text: string, name = 'my-corefile', data: Readonly<Record<string, string>> = {}): unknown => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name },
    data: { Corefile: text, ...data },
  })

  it('lists CoreDNS pods that the Service does not select, and says so', () => {
    const dns = deriveDns(
      objects(
        service({ name: 'kube-dns' }),
        coredns({ 'k8s-app': 'kube-dns' }),
        coredns({ app: 'other' }, 'coredns-2'),
      ),
      [],
    )
    expect(dns.replicas.map(({ pod, selected, version }) => [pod.meta.name, selected, version])).toEqual([
      ['coredns-1', true, '1.11.1'],
      ['coredns-2', false, '1.11.1'],
    ])
  })

  it('reads the Corefile that the pods mount, and the cluster domain in it', () => {
    const dns = deriveDns(
      objects(
        service({ name: 'kube-dns' }),
        coredns({ 'k8s-app': 'kube-dns' }),
        corefile('.:53 {\n kubernetes k8s.example in-addr.arpa\n}\n'),
      ),
      [],
    )
    expect(dns.corefile?.configMap.name).toBe('my-corefile')
    expect(dns.clusterDomain).toMatchObject({ value: 'k8s.example', origin: 'stated' })
  })

  it('follows imports into the -custom ConfigMap', () => {
    const main = corefile(
      '.:53 {\n kubernetes cluster.local\n import /etc/coredns/custom/*.override\n}\nimport custom/*.server\n',
      'coredns',
    )
    const custom = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'coredns-custom' },
      data: { 'a.override': 'log', 'b.server': 'corp.example:53 {\n forward . 10.0.0.2\n}\n' },
    }
    const { corefile: fact } = deriveDns(objects(main, custom), [])
    expect(fact?.error).toBeUndefined()
    expect(fact?.blocks.map(({ keys }) => keys[0]?.text)).toEqual(['.:53', 'corp.example:53'])
    expect(fact?.blocks[0]?.directives.map(({ name }) => name)).toContain('log')
  })

  it("keeps a Corefile that cannot be parsed, with the parser's message", () => {
    const { corefile: fact, clusterDomain } = deriveDns(objects(corefile('.:53 {\n errors', 'coredns')), [])
    expect(fact?.blocks).toEqual([])
    expect(fact?.error).toMatch(/kube-system\/coredns:Corefile:\d+ - Syntax error/)
    expect(clusterDomain).toMatchObject({ value: 'cluster.local', origin: 'assumed' })
  })

  it('names kube-dns and the servers of clouds', () => {
    const kubeDns = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'kube-system', name: 'kube-dns-1' },
      spec: { containers: [{ name: 'd', image: 'gke.gcr.io/k8s-dns-dnsmasq-nanny:1.22' }] },
      status: { podIP: '10.1.0.9' },
    }
    const dns = deriveDns(objects(service({ name: 'kube-dns' }), kubeDns), ['169.254.169.254', '10.96.0.10'])
    expect(dns.otherServers.map(({ name, addresses }) => [name, addresses])).toEqual([
      ['kube-dns (dnsmasq)', ['10.1.0.9']],
      ["the cloud's metadata server (GKE Cloud DNS)", ['169.254.169.254']],
    ])
  })
})
