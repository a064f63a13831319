import { describe, expect, it } from 'vitest'
import { readPod, type Pod } from '../kube/objects/index.ts'
import { computePodResolvConf, type NodeDns } from './pod-resolv-conf.ts'

const NODE: NodeDns = {
  node: 'node3',
  clusterDNS: ['169.254.25.10'],
  clusterDNSFrom: 'kubelet',
  clusterDomain: 'cluster.local',
  resolvConfPath: '/run/systemd/resolve/resolv.conf',
  resolvConfText:
    'nameserver 100.64.11.3\nnameserver 114.114.114.114\nnameserver 119.29.29.29\nnameserver 1.2.4.8\nsearch corp.example\noptions edns0\n',
  kubeletVersion: 'v1.30.1',
}

function pod(spec: Readonly<Record<string, unknown>>): Pod {
  return readPod({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop' }, spec })
}

describe('computePodResolvConf()', () => {
  it("ClusterFirst: cluster DNS, the three cluster search domains, then the node's, and ndots 5", () => {
    const file = computePodResolvConf(pod({ dnsPolicy: 'ClusterFirst' }), NODE)
    expect(file.effective).toBe('ClusterFirst')
    expect(file.conf).toEqual({
      nameservers: ['169.254.25.10'],
      searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
      options: ['ndots:5'],
      sortlist: [],
    })
    expect(file.events).toEqual([])
  })

  it("Default: the node's file, cut after three nameservers, with the reason", () => {
    const file = computePodResolvConf(pod({ dnsPolicy: 'Default' }), NODE)
    expect(file.conf).toMatchObject({
      nameservers: ['100.64.11.3', '114.114.114.114', '119.29.29.29'],
      searches: ['corp.example'],
      options: ['edns0'],
    })
    expect(file.entries.find(({ value }) => value === '1.2.4.8')).toMatchObject({
      from: 'node-file',
      cut: 'kubelet keeps the first 3 nameservers',
    })
    expect(file.events).toEqual(['DNSConfigForming'])
  })

  it('hostNetwork with ClusterFirst falls back to Default, ClusterFirstWithHostNet does not', () => {
    const fallen = computePodResolvConf(pod({ dnsPolicy: 'ClusterFirst', hostNetwork: true }), NODE)
    expect(fallen).toMatchObject({ effective: 'Default', fallback: 'host-network' })
    const kept = computePodResolvConf(pod({ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }), NODE)
    expect(kept.effective).toBe('ClusterFirst')
    expect(kept.fallback).toBeUndefined()
  })

  it('without clusterDNS ClusterFirst falls back to Default, with the event', () => {
    const file = computePodResolvConf(pod({}), { ...NODE, clusterDNS: [] })
    expect(file).toMatchObject({ dnsPolicy: 'ClusterFirst', effective: 'Default', fallback: 'missing-cluster-dns' })
    expect(file.events).toContain('MissingClusterDNS')
  })

  it('None: nothing but dnsConfig', () => {
    const dnsConfig = {
      nameservers: ['1.1.1.1'],
      searches: ['a.example.'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    }
    const file = computePodResolvConf(pod({ dnsPolicy: 'None', dnsConfig }), NODE)
    expect(file.conf).toEqual({
      nameservers: ['1.1.1.1'],
      searches: ['a.example'],
      options: ['ndots:2', 'edns0'],
      sortlist: [],
    })
    expect(file.entries.every(({ from }) => from === 'dns-config')).toBe(true)
  })

  it("dnsConfig adds to the policy's: without repetition, options replaced by name", () => {
    const dnsConfig = {
      nameservers: ['169.254.25.10', '10.0.0.2'],
      searches: ['svc.cluster.local', 'extra.example'],
      options: [{ name: 'ndots', value: '2' }],
    }
    const file = computePodResolvConf(pod({ dnsPolicy: 'ClusterFirst', dnsConfig }), NODE)
    expect(file.conf.nameservers).toEqual(['169.254.25.10', '10.0.0.2'])
    expect(file.conf.searches.slice(-2)).toEqual(['corp.example', 'extra.example'])
    expect(file.conf.options).toEqual(['ndots:2'])
  })

  it.each([
    { kubeletVersion: 'v1.25.9', domains: 6 },
    { kubeletVersion: 'v1.26.0', domains: 32 },
    { kubeletVersion: '', domains: 32 },
  ])('kubelet "$kubeletVersion" keeps $domains search domains', ({ kubeletVersion, domains }) => {
    const searches = Array.from({ length: 40 }, (_, at) => `d${at}.example`)
    const file = computePodResolvConf(pod({ dnsConfig: { searches } }), { ...NODE, kubeletVersion })
    expect(file.conf.searches).toHaveLength(domains)
  })

  it('before 1.26 the search line is cut at 256 characters, blanks counted', () => {
    const searches = [`${'a'.repeat(63)}.${'b'.repeat(63)}.example`, `${'c'.repeat(63)}.${'d'.repeat(55)}.example`]
    const policy = { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } }
    const fits = computePodResolvConf(
      pod({ ...policy, dnsConfig: { ...policy.dnsConfig, searches: [searches[0], 'e'.repeat(63)] } }),
      { ...NODE, kubeletVersion: 'v1.20.0' },
    )
    expect(fits.conf.searches).toHaveLength(2)
    const cut = computePodResolvConf(pod({ ...policy, dnsConfig: { ...policy.dnsConfig, searches } }), {
      ...NODE,
      kubeletVersion: 'v1.20.0',
    })
    expect(cut.conf.searches).toEqual([searches[0]])
    expect(cut.entries.find(({ cut: why }) => why !== undefined)?.cut).toBe(
      'kubelet (v1.20.0) keeps 256 characters of search domains',
    )
  })

  it("reads the node's file as kubelet does: no domain lines", () => {
    const file = computePodResolvConf(pod({ dnsPolicy: 'Default' }), {
      ...NODE,
      resolvConfText: 'nameserver 10.0.0.1\ndomain corp.example\n',
    })
    expect(file.conf.searches).toEqual([])
  })

  it("says what it does not know when the node's file was not seen", () => {
    const { resolvConfText: _, ...unseen } = NODE
    expect(computePodResolvConf(pod({ dnsPolicy: 'Default' }), unseen).unseen).toMatch(/^all of it may come from/)
    expect(computePodResolvConf(pod({}), unseen).unseen).toMatch(/^more search domains may come from/)
    expect(
      computePodResolvConf(pod({ dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } }), unseen).unseen,
    ).toBeUndefined()
  })

  it('with an empty resolvConf nothing is inherited', () => {
    const file = computePodResolvConf(pod({ dnsPolicy: 'Default' }), { ...NODE, resolvConfPath: '' })
    expect(file.conf).toMatchObject({ nameservers: ['127.0.0.1'], searches: ['.'] })
    expect(file.unseen).toBeUndefined()
  })

  it("does not repeat the cluster's search domains when the node lists them too", () => {
    const node = { ...NODE, resolvConfText: 'nameserver 10.0.0.1\nsearch cluster.local corp.example\n' }
    expect(computePodResolvConf(pod({}), node).conf.searches).toEqual([
      'shop.svc.cluster.local',
      'svc.cluster.local',
      'cluster.local',
      'corp.example',
    ])
  })

  it.each([
    { kubeletVersion: 'v1.25.4', options: ['attempts:3'] },
    { kubeletVersion: 'v1.26.0', options: ['timeout:1', 'attempts:3'] },
  ])("several options lines of the node's file, kubelet $kubeletVersion", ({ kubeletVersion, options }) => {
    const resolvConfText = 'nameserver 10.0.0.1\noptions timeout:1 attempts:2\noptions attempts:3\n'
    const file = computePodResolvConf(pod({ dnsPolicy: 'Default' }), { ...NODE, kubeletVersion, resolvConfText })
    expect(file.conf.options).toEqual(options)
  })

  it.each([
    { kubeletVersion: 'v1.30.1', cut: /leaves out/ },
    { kubeletVersion: 'v1.22.0', cut: /makes an empty search domain/ },
  ])('a search domain "." of the node is gone, and that is no limit: kubelet $kubeletVersion', (each) => {
    const node = { ...NODE, kubeletVersion: each.kubeletVersion, resolvConfText: 'nameserver 10.0.0.1\nsearch .\n' }
    const file = computePodResolvConf(pod({ dnsPolicy: 'Default' }), node)
    expect(file.conf.searches).toEqual([])
    expect(file.entries.find(({ value }) => value === '.')?.cut).toMatch(each.cut)
    expect(file.events).toEqual([])
  })

  it('leaves out search domains over 253 characters, and counts on', () => {
    const long = Array.from({ length: 5 }, () => 'l'.repeat(60)).join('.')
    const file = computePodResolvConf(pod({ dnsConfig: { searches: [long, 'kept.example'] } }), NODE)
    expect(file.conf.searches.at(-1)).toBe('kept.example')
    expect(file.entries.find(({ value }) => value === long)?.cut).toBe(
      'kubelet (v1.30.1) leaves out search domains over 253 characters',
    )
  })

  it('with an empty resolvConf: ClusterFirst inherits no root, a dual-stack node gives both loopbacks', () => {
    const node = { ...NODE, resolvConfPath: '', nodeIPs: ['192.168.0.2', 'fd00::2'] }
    expect(computePodResolvConf(pod({}), node).conf.searches).toEqual([
      'shop.svc.cluster.local',
      'svc.cluster.local',
      'cluster.local',
    ])
    expect(computePodResolvConf(pod({ dnsPolicy: 'Default' }), node).conf.nameservers).toEqual(['127.0.0.1', '::1'])
  })

  it('says that Windows pods have no such file', () => {
    expect(computePodResolvConf(pod({}), { ...NODE, operatingSystem: 'windows' }).unseen).toMatch(
      /^a Windows pod has no/,
    )
  })
})
