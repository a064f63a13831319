import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStore } from './cluster-state.ts'
import { syncEndpoints } from './controllers/endpoints.ts'
import { readDescription } from './description.ts'
import { LabError } from './lab-error.ts'
import { podResolvConf } from './pod-files.ts'
import { objectsAt, textAt, textsAt } from './raw-object.ts'
import { ENDPOINTS_TYPE, ENDPOINT_SLICE_TYPE, POD_TYPE, SERVICE_TYPE } from './resource-types.ts'

const REFERENCE = resolve(import.meta.dirname, '../../../lab/reference')
const reference = readDescription(REFERENCE)

describe('readDescription() of the reference cluster', () => {
  it('has the addresses of the story', () => {
    const store = createStore(reference, Date.now)
    const pods = new Map(store.list(POD_TYPE).map((pod) => [pod.metadata.name, pod]))
    const place = (name: string): string[] => {
      const pod = pods.get(name) ?? {}
      return [textAt(pod, 'status', 'podIP'), textAt(pod, 'spec', 'nodeName')]
    }
    expect(place('coredns-79c6f6447f-6f9xp')).toEqual(['10.233.74.65', 'node4'])
    expect(place('coredns-79c6f6447f-hp7ng')).toEqual(['10.233.71.1', 'node3'])
    expect(place('nodelocaldns-2chf7')).toEqual(['192.168.0.2', 'node1'])
    expect(place('redis-ha-server-1')).toEqual(['10.233.102.133', 'node1'])
    const service = store.get(SERVICE_TYPE, 'kube-system', 'coredns') ?? {}
    expect(textAt(service, 'spec', 'clusterIP')).toBe('10.233.0.3')
  })

  it('gives no address twice', () => {
    const addresses = reference.objects
      .filter((object) => object.kind === 'Pod' && objectsAt(object, 'spec', 'containers').length > 0)
      .filter((pod) => !textAt(pod, 'status', 'podIP').startsWith('192.168.'))
      .map((pod) => textAt(pod, 'status', 'podIP'))
    expect(addresses.length).toBeGreaterThan(20)
    expect(new Set(addresses).size).toBe(addresses.length)
  })

  it('has the endpoints that the controllers would write', () => {
    const store = createStore(reference, Date.now)
    const { revision } = store
    const slices = store.list(ENDPOINT_SLICE_TYPE)
    const endpoints = store.list(ENDPOINTS_TYPE)
    for (const service of store.list(SERVICE_TYPE)) syncEndpoints(store, service)
    expect(store.list(ENDPOINT_SLICE_TYPE)).toEqual(slices)
    expect(store.list(ENDPOINTS_TYPE)).toEqual(endpoints)
    expect(store.revision).toBe(revision)
  })

  it('gives pods the resolv.conf that the story saw', () => {
    const find = (name: string) =>
      reference.objects.find((object) => object.kind === 'Pod' && object.metadata.name === name)
    const conf = (name: string, node: string): string => {
      const pod = find(name)
      return pod === undefined
        ? 'no pod'
        : podResolvConf(pod, reference.nodeFiles.get(node) ?? new Map(), reference.kubernetesVersion)
    }
    expect(conf('console', 'node2')).toBe(
      'nameserver 169.254.25.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n',
    )
    // kubelet keeps three: node3's fourth, 1.2.4.8, reaches no pod.
    expect(conf('coredns-79c6f6447f-hp7ng', 'node3')).toBe(
      'nameserver 100.64.11.3\nnameserver 114.114.114.114\nnameserver 119.29.29.29\n',
    )
    expect(conf('coredns-79c6f6447f-6f9xp', 'node4')).toBe('nameserver 100.64.11.3\nnameserver 1.2.4.8\n')
  })

  it('moves all times so that ages stay what they were', () => {
    const now = Date.parse('2031-01-15T00:00:00Z')
    const store = createStore(reference, () => now)
    const node = store.list(POD_TYPE).find((pod) => pod.metadata.name === 'etcd-node1')
    const age = now - Date.parse(node?.metadata.creationTimestamp ?? '')
    expect(Math.floor(age / 86_400_000)).toBe(13)
  })

  it("names redis-ha's endpoints by hostname below redis-ha only", () => {
    const store = createStore(reference, Date.now)
    const hostnames = (service: string): string[] =>
      store
        .list(ENDPOINT_SLICE_TYPE, 'kubesphere-system')
        .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service)
        .flatMap((slice) => objectsAt(slice, 'endpoints'))
        .filter((endpoint) => textsAt(endpoint, 'addresses').includes('10.233.102.133'))
        .map((endpoint) => textAt(endpoint, 'hostname'))
    expect(hostnames('redis-ha')).toEqual(['redis-ha-server-1'])
    expect(hostnames('redis-ha-announce-1')).toEqual([''])
  })
})

describe('readDescription() refuses', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-description-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  const LAB = 'apiVersion: lab.fathom/v1\nkind: Lab\nmetadata:\n  name: x\n'

  it.each([
    { title: 'a folder without lab.yaml', files: {}, why: 'has no lab.yaml' },
    { title: 'text that is not YAML', files: { 'lab.yaml': LAB, 'a.yaml': 'a: [1' }, why: 'a.yaml' },
    {
      title: 'a document that is no object',
      files: { 'lab.yaml': LAB, 'a.yaml': 'just: text' },
      why: 'no Kubernetes object',
    },
    {
      title: 'a kind that the API server has not',
      files: { 'lab.yaml': LAB, 'a.yaml': 'apiVersion: v9\nkind: Spoon\nmetadata:\n  name: a' },
      why: 'v9 Spoon',
    },
    {
      title: 'an upstream that is no address',
      files: { 'lab.yaml': `${LAB}spec:\n  upstreams:\n    - address: dns.example\n` },
      why: 'no IP address',
    },
    {
      title: 'an upstream whose Corefile is missing',
      files: { 'lab.yaml': `${LAB}spec:\n  upstreams:\n    - address: 1.1.1.1\n      corefile: nowhere\n` },
      why: 'nowhere',
    },
  ])('$title', ({ files, why }) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    expect(() => readDescription(folder)).toThrow(LabError)
    expect(() => readDescription(folder)).toThrow(why)
  })

  it('a folder that is not there', () => {
    expect(() => readDescription(join(folder, 'nothing'))).toThrow('there is no such folder')
  })
})
