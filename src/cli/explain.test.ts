import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaseError } from '../base/index.ts'
import { explainCommand } from './explain.ts'
import type { Explanation } from './explain/explanation.ts'

const REFERENCE = resolve(import.meta.dirname, '../../lab/reference')
const GOLDEN = resolve(import.meta.dirname, '../../testdata/golden/explain')

interface Run {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

async function run(args: readonly string[], stdin = ''): Promise<Run> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const status = await explainCommand.run(args, {
    stdout,
    stderr,
    stdin: Readable.from(stdin === '' ? [] : [stdin]),
    env: {},
    color: false,
  })
  return { status, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

const reference = (...args: string[]): Promise<Run> => run([...args, '--manifests', REFERENCE])

async function json(...args: string[]): Promise<Explanation> {
  const { stdout } = await reference(...args, '-o', 'json')
  return JSON.parse(stdout) as Explanation
}

describe("explain: the story's questions on the reference cluster", () => {
  it.each([
    {
      question: 'what an SRV record gives',
      file: 'srv',
      args: ['_redis._tcp.redis-ha.kubesphere-system.svc.cluster.local', 'SRV'],
    },
    {
      question: 'what a headless Service gives',
      file: 'headless',
      args: ['redis-ha.kubesphere-system.svc.cluster.local'],
    },
    {
      question: 'why a pod name has no answer',
      file: 'pod-name',
      args: ['redis-ha-server-1.kubesphere-system.svc.cluster.local'],
    },
    { question: 'which names an address has', file: 'address', args: ['10.233.102.133'] },
    { question: "what the DNS Service's address is", file: 'dns-service', args: ['10.233.0.3'] },
    { question: 'who lists the dead nameserver', file: 'dead-nameserver', args: ['1.2.4.8'] },
    {
      question: 'what a pod asks for',
      file: 'from-pod',
      args: ['redis-ha.kubesphere-system', '--from', 'default/console'],
    },
    {
      question: 'where an external name goes from a pod',
      file: 'from-pod-external',
      args: ['www.example.org', '--from', 'default/console'],
    },
    {
      question: 'what a pod with dnsPolicy Default knows',
      file: 'from-default-policy',
      args: ['redis-ha.kubesphere-system', '--from', 'shop/worker-6c5b7f9d84-g7z2p'],
    },
    { question: 'a short name without a pod', file: 'short-name', args: ['redis-ha'] },
  ])('$question', async ({ file, args }) => {
    const { status, stdout, stderr } = await reference(...args)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await expect(stdout).toMatchFileSnapshot(join(GOLDEN, `${file}.txt`))
  })

  it('gives the same as documented JSON', async () => {
    const explanation = await json('redis-ha-server-1.kubesphere-system.svc.cluster.local')
    expect(explanation).toMatchObject({
      schemaVersion: 1,
      cluster: { clusterDomain: { value: 'cluster.local', origin: 'stated' }, dnsService: 'kube-system/coredns' },
      question: { kind: 'name', type: 'A' },
      asker: null,
      lookups: [
        {
          result: 'nxdomain',
          rcode: 'NXDOMAIN',
          absence: { code: 'no-service' },
          readAs: 'SERVICE.NAMESPACE.svc: Service "redis-ha-server-1" in namespace "kubesphere-system"',
          decidedBy: { plugin: 'kubernetes' },
        },
      ],
      suggestions: [
        {
          code: 'pod-name',
          name: 'redis-ha-server-1.redis-ha.kubesphere-system.svc.cluster.local.',
          answer: [{ type: 'A', rdata: { type: 'A', address: '10.233.102.133' } }],
        },
      ],
      conclusive: true,
    })
  })
})

describe('explain', () => {
  it('shows both families of a dual-stack Service, and says which one is missing otherwise', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7', 'fd00::7'] },
    }
    const { stdout } = await run(['web.shop.svc.cluster.local', '--manifests', '-'], JSON.stringify([service]))
    expect(stdout).toContain('web.shop.svc.cluster.local. 30 IN A 10.0.0.7')
    expect(stdout).toContain('web.shop.svc.cluster.local. 30 IN AAAA fd00::7')
    const { lookups } = await json('coredns.kube-system.svc.cluster.local', 'AAAA')
    expect(lookups).toMatchObject([{ result: 'nodata', rcode: 'NOERROR', absence: { code: 'no-address-of-family' } }])
  })

  it('says that an empty Service is no fault of DNS', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { clusterIP: '10.0.0.7', selector: { app: 'web' } },
    }
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
      endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: false } }],
    }
    const { stdout, status } = await run(
      ['web.shop', '--manifests', '-', '-n', 'shop'],
      JSON.stringify([service, slice]),
    )
    expect(status).toBe(0)
    expect(stdout).toMatch(/Service shop\/web has no\s+ready endpoint/)
    expect(stdout).toMatch(/This is not a DNS fault/)
  })

  it('follows an ExternalName within the cluster and names the alias', async () => {
    const services = [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'old', namespace: 'shop' },
        spec: { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { clusterIP: '10.0.0.7' },
      },
    ]
    const { stdout } = await run(['old.shop.svc.cluster.local.', '--manifests', '-'], JSON.stringify(services))
    expect(stdout).toContain('old.shop.svc.cluster.local. 30 IN CNAME web.shop.svc.cluster.local.')
    expect(stdout).toContain('web.shop.svc.cluster.local. 30 IN A 10.0.0.7')
    expect(stdout).toMatch(/is an ExternalName/)
  })

  it('says when a plugin answers before the objects do', async () => {
    const corefile = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'coredns', namespace: 'kube-system' },
      data: {
        Corefile:
          '.:53 {\n template IN A cluster.local {\n  match ^web\\.\n  rcode NXDOMAIN\n }\n kubernetes cluster.local\n}\n',
      },
    }
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { clusterIP: '10.0.0.7' },
    }
    const dns = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      spec: { clusterIP: '10.0.0.10', ports: [{ port: 53, protocol: 'UDP' }], selector: { 'k8s-app': 'kube-dns' } },
    }
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'c', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'coredns/coredns:1.11.1' }] },
      status: { phase: 'Running', podIP: '10.1.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
    }
    const { stdout } = await run(
      ['web.shop.svc.cluster.local', '-o', 'json', '--manifests', '-'],
      JSON.stringify([corefile, service, dns, pod]),
    )
    expect((JSON.parse(stdout) as Explanation).lookups[0]).toMatchObject({
      result: 'overridden',
      decidedBy: { plugin: 'template', at: 'kube-system/coredns:Corefile:2' },
    })
  })

  it.each([
    { text: 'weeb.shop', nearest: 'weeb.shop.svc.cluster.local.', meant: 'web.shop.svc.cluster.local.' },
    { text: 'web.shp', nearest: 'web.shp.svc.cluster.local.', meant: 'web.shop.svc.cluster.local.' },
    { text: 'web.default', nearest: 'web.default.svc.cluster.local.', meant: 'web.shop.svc.cluster.local.' },
    { text: 'web-0.shop', nearest: 'web-0.shop.svc.cluster.local.', meant: 'web.shop.svc.cluster.local.' },
    {
      text: '_x._tcp.web.shop',
      nearest: '_x._tcp.web.shop.svc.cluster.local.',
      meant: '_http._tcp.web.shop.svc.cluster.local.',
    },
    {
      text: 'redis-ha-server-0.redis-ha.kubesphere-sytem',
      nearest: 'redis-ha-server-0.redis-ha.kubesphere-sytem.svc.cluster.local.',
      meant: 'redis-ha-server-0.redis-ha.kubesphere-system.svc.cluster.local.',
    },
  ])('judges the dotted short name $text through the search list', async ({ text, nearest, meant }) => {
    const explanation = await json(text)
    expect(explanation.nearest).toBe(nearest)
    expect(explanation.suggestions[0]?.name).toBe(meant)
    const [headline = ''] = (await reference(text)).stdout.replaceAll(/\n(?=\S)/g, ' ').split('\n')
    expect(headline).toMatch(/none of the 4 names that it stands for is a name of this cluster/)
    expect(headline).toContain(`probably meant: ${meant}`)
    expect(headline).not.toContain('an upstream answers')
  })

  it.each([
    { text: 'nothing.shop', nearest: 'nothing.shop.svc.cluster.local.' },
    { text: 'zz.nowhere', nearest: null },
    { text: 'www.example.org', nearest: null },
  ])('suggests nothing for $text', async ({ text, nearest }) => {
    expect(await json(text)).toMatchObject({ nearest, suggestions: [] })
  })

  it.each(['AAAA', 'MX', 'ANY'])('says NODATA for web.shop %s, and that glibc goes on', async (type) => {
    const { stdout } = await reference('web.shop', type)
    expect(stdout.split('\n')[0]).toBe(`web.shop.svc.cluster.local. ${type}: no record of this type (NOERROR, NODATA)`)
    expect(stdout).toMatch(/Service shop\/web has/)
    expect(stdout.replaceAll('\n', ' ')).toMatch(
      /NODATA for web\.shop\.svc\.cluster\.local\. does not end the search list of glibc/,
    )
  })

  it('ends with 3 when what decides could not be seen', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }
    const { status, stdout } = await run(['web.shop.svc.cluster.local', '--manifests', '-'], JSON.stringify(namespace))
    expect(status).toBe(3)
    expect(stdout).toContain('Not seen: services')
    expect(stdout).toMatch(/^Cannot tell what \S+ gives here, for want of: [^]*services/)
  })

  it('prints its help', async () => {
    const { status, stdout } = await run(['--help'])
    expect(status).toBe(0)
    expect(stdout).toContain('Usage: fathom explain NAME|ADDRESS [TYPE] [options]')
  })
})

describe('explain: bad input gives one line', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-explain-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function complaint(...args: string[]): Promise<string> {
    const error = await run(args).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(BaseError)
    const { message } = error as BaseError
    expect(message).not.toContain('\n')
    return message
  }

  it.each([
    { args: ['x', '--bogus'], says: /Unknown option '--bogus'/ },
    { args: ['x', '--form', 'y'], says: /Unknown option '--form' \(Did you mean --from\?\)/ },
    { args: [], says: /Missing name: give a domain name or an IP address/ },
    { args: ['--manifests', 'a', 'b'], says: /"b" was taken for a path of --manifests; put the name first/ },
    { args: ['x', '-o', 'yaml'], says: /argument 'yaml' is invalid\. Allowed choices are text, json; see/ },
    { args: ['x', 'BOGUS'], says: /Unknown record type "BOGUS"/ },
    { args: ['10.0.0.1', 'A'], says: /addresses have PTR records only/ },
    { args: ['10.0.0.256'], says: /no IPv4 address, each of its numbers must be 0 to 255/ },
    { args: ['1.2.3'], says: /no IPv4 address, it has 3 numbers instead of 4/ },
    { args: ['1.2.3.4.'], says: /an address has no final dot/ },
    { args: ['10.233.0.1/24'], says: /a network, not an address; give one address of it, such as 10\.233\.0\.1$/ },
    { args: ['web.shop/x'], says: /no domain name, which has no "\/"/ },
    { args: ['10.0.0.1:53'], says: /neither an IPv6 address nor a domain name/ },
    { args: [`${'a'.repeat(64)}.example`], says: /label is 64 octets, limit is 63/ },
    { args: ['abcdefg.'.repeat(32)], says: /name is 257 octets, limit is 255/ },
    { args: ['a..b'], says: /it has an empty label/ },
    { args: ['x', '--manifests', 'm', '--kubeconfig', 'k'], says: /Cannot use --manifests and --kubeconfig together/ },
    { args: ['x', '--manifests', 'm', '--context', 'c'], says: /Cannot use --context with --manifests/ },
    {
      args: ['x', '--kubeconfig', '/does/not/exist'],
      says: /Cannot read kubeconfig \/does\/not\/exist: no such file or directory/,
    },
    {
      args: ['x', '--manifests', '/does/not/exist'],
      says: /Cannot read manifest \/does\/not\/exist: no such file or folder/,
    },
    {
      args: ['x', '--from', 'nope/y', '--manifests', REFERENCE],
      says: /there is no such pod, and none at all in namespace "nope"/,
    },
    {
      args: ['x', '--from', 'redis-ha-server', '--manifests', REFERENCE],
      says: /did you mean kubesphere-system\/redis-ha-server-0, /,
    },
    {
      args: ['x', '--from', 'a/b/c', '--manifests', REFERENCE],
      says: /Cannot ask from pod "a\/b\/c": give NAMESPACE\/NAME/,
    },
    { args: ['x', '--from', '', '--manifests', REFERENCE], says: /Cannot ask from pod "": give NAMESPACE\/NAME/ },
    {
      args: ['x', '-n', 'nope', '--manifests', REFERENCE],
      says: /Cannot ask from namespace "nope": there is no such namespace; give another one with -n/,
    },
    {
      args: ['x', '--from', 'kube-system/nix', '--manifests', REFERENCE],
      says: /namespace "kube-system" has (calico-[^ ]+(, )?){3} and \d+ more$/,
    },
    {
      args: ['x', '--from', 'node/node9', '--manifests', REFERENCE],
      says: /the cluster has no node "node9" \(it has node1, node2, node3, node4\)/,
    },
    { args: ['x', '-n', 'shp', '--manifests', REFERENCE], says: /no such namespace; did you mean shop\?/ },
    { args: ['x', '--from', 'default/konsole', '--manifests', REFERENCE], says: /did you mean default\/console\?/ },
  ])('$args', async ({ args, says }) => {
    expect(await complaint(...args)).toMatch(says)
  })

  it('an API server that is down', async () => {
    const server = createServer()
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done)
    })
    const { port } = server.address() as AddressInfo
    await new Promise((done) => server.close(done))
    const path = join(folder, 'config')
    writeFileSync(
      path,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }],
        clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      }),
    )
    expect(await complaint('x', '--kubeconfig', path)).toMatch(
      /Cannot reach the API server http:\/\/127\.0\.0\.1:\d+: connection refused/,
    )
  })
})
