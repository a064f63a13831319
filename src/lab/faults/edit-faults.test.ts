// Faults that are made of edits, on objects and files alone: nothing runs here.
import { resolve } from 'node:path'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createStore } from '../cluster/cluster-state.ts'
import { readDescription } from '../cluster/description.ts'
import { RESOURCE_TYPES } from '../cluster/resource-types.ts'
import { FaultLog } from './fault-log.ts'
import type { FaultStage, KernelStage } from './fault.ts'
import { FAULTS } from './index.ts'

const DESCRIPTION = readDescription(resolve(import.meta.dirname, '../../../lab/reference'))
const NOTHING = (): Promise<void> => Promise.resolve()
const FAILED = { status: 1, stdout: '', stderr: 'nothing runs here' }

/** What must be somewhere in the cluster while the fault is in, and is not there before. */
const MARKS: Readonly<Record<string, string>> = {
  'internal-traffic-policy-local': '"internalTrafficPolicy":"Local"',
  'application-service-no-endpoints': '"selector":{"app":"api-v2"}',
  'forwarding-loop': 'nameserver 127.0.0.53',
  'corefile-invalid': 'max_concurrent many',
  'corefile-directive-removed': 'proxy . /etc/resolv.conf',
  'cluster-zone-overridden': 'template ANY ANY cluster.local',
  'stub-domain-broken': 'forward . 1.2.4.8',
  'namespace-not-served': 'namespaces default kube-system',
  'pod-records-disabled': 'pods disabled',
  'coredns-metrics-unavailable': '# No metrics.',
  'lameduck-missing-or-too-long': 'health :8080',
  'upstreams-not-equivalent': '100.64.11.3\\nnameserver 114.114.114.114\\n"',
  'too-many-nameservers': '# A fourth one:',
  'too-many-search-domains': 'search a.example b.example',
  'cluster-dns-unset': '# No clusterDNS.',
  'cluster-dns-wrong-address': '- 10.233.0.10',
  'cluster-domain-mismatch': 'clusterDomain: k8s.local',
  'host-network-cluster-first': '"name":"agent"',
  'dns-policy-none-incomplete': '"name":"plain"',
  'loopback-nameserver-in-pod': 'nameserver 127.0.0.53',
  'host-aliases-shadow-dns': '"hostAliases"',
  'short-name-other-namespace': '"name":"billing"',
  'external-name-is-ip': '"externalName":"100.64.20.5"',
  'external-name-loop': '"externalName":"ping.default.svc.cluster.local"',
  'srv-port-name-mismatch': '"name":"web","port":80',
  'pod-hostname-unset': '"subdomain":"peers"',
  'ip-family-missing': '"ipFamilies":["IPv4"]',
  'endpointslice-access-forbidden': '"resources":["nothing"]',
  'node-cache-upstream-service-missing': 'kube-dns-upstream',
  'network-policy-misses-node-cache': '"name":"allow-dns"',
}

/** Whose looks say what they change. */
const UNMARKED: readonly string[] = [
  'unexpected-dns-service-name',
  'readiness-probe-on-health',
  'autopath-misidentifies-client',
  'search-domain-servfail',
  'wildcard-search-domain',
  'search-domain-is-dot',
  'resolv-conf-missing',
  'dns-policy-default-inherits-node',
  'pod-resolv-conf-outdated',
  'namespace-shadows-tld',
  'network-policy-blocks-coredns',
  'node-cache-address-mismatch',
  'node-cache-upstreams-overridden',
  'pod-name-is-not-a-service',
  'multiple-ptr-records',
  'aaaa-nxdomain-not-nodata',
  'musl-no-tcp-fallback',
  'musl-parallel-queries',
  'nodejs-threadpool-exhausted',
]

interface Bare {
  readonly stage: FaultStage
  /** All objects but their revisions, and all files, as one text. */
  readonly everything: () => string
}

/** A server that sends back what it gets, which is a response without an error to whoever looks at its rcode alone. */
function echo(): Duplex {
  return new Duplex({
    read: () => undefined,
    write(octets: Buffer, _encoding, done) {
      this.push(octets)
      done()
    },
  })
}

function bareStage(): Bare {
  const store = createStore(DESCRIPTION, () => Date.UTC(2020, 8, 2))
  const nodeFiles = new Map([...DESCRIPTION.nodeFiles].map(([node, files]) => [node, new Map(files)]))
  const kernel: KernelStage = {
    cni: 'calico',
    nodes: [...nodeFiles.keys()],
    podCidr: '10.233.64.0/18',
    run: () => Promise.resolve(FAILED),
    setting: () => undefined,
    setSetting: () => undefined,
    portOf: () => '',
    setVxlanPort: NOTHING,
    setRulesFrozen: NOTHING,
    hold: () => Promise.resolve(() => undefined),
    watchAddresses: () => () => undefined,
    processes: () => Promise.resolve([]),
    collide: undefined,
    keepAsking: () => () => undefined,
  }
  const overridden = new Map<string, string>()
  const stage: FaultStage = {
    store,
    nodeFiles,
    podStarted: NOTHING,
    restartPod: NOTHING,
    crashPod: NOTHING,
    isCrashed: () => false,
    recoverPod: NOTHING,
    overrideFile: ({ metadata }, { text }) => {
      if (text === undefined) overridden.delete(metadata.name)
      else overridden.set(metadata.name, text)
      return true
    },
    overriddenFile: ({ metadata }) => overridden.get(metadata.name),
    podReplaced: () => undefined,
    setServiceRules: NOTHING,
    hasServiceRules: () => Promise.resolve(true),
    connect: () => Promise.resolve(echo()),
    kernel,
  }
  const everything = (): string => {
    const objects = RESOURCE_TYPES.flatMap((type) => store.list(type)).map(({ metadata, ...rest }) => {
      const { resourceVersion: _resourceVersion, ...others } = metadata
      return { ...rest, metadata: others }
    })
    return JSON.stringify({
      objects,
      overridden: [...overridden],
      files: [...nodeFiles].map(([node, files]) => [node, [...files].map(([path, text]) => `${path}\0${text}`).sort()]),
    })
  }
  return { stage, everything }
}

describe('FAULTS made of edits', () => {
  it.each(Object.entries(MARKS))('%s: changes what it says, and nothing is left of it', async (name, mark) => {
    const { stage, everything } = bareStage()
    const log = await FaultLog.open(stage, DESCRIPTION.faults)
    await log.heal()
    const before = everything()
    expect(before).not.toContain(mark)
    expect(await log.inject(name)).toEqual([name])
    expect(everything()).toContain(mark)
    expect(await log.heal(name)).toEqual([name])
    expect(everything()).toBe(before)
    expect(await log.present()).toEqual([])
  })

  it.each(UNMARKED)('%s: changes something, and nothing is left of it', async (name) => {
    const { stage, everything } = bareStage()
    const log = await FaultLog.open(stage, [])
    const before = everything()
    expect(await log.inject(name)).toEqual([name])
    expect(everything()).not.toBe(before)
    expect(await log.heal(name)).toEqual([name])
    expect(everything()).toBe(before)
  })

  it('several edits of one Corefile: each goes alone, in any order', async () => {
    const { stage, everything } = bareStage()
    const log = await FaultLog.open(stage, [])
    const before = everything()
    const names = ['stub-domain-broken', 'namespace-not-served', 'cluster-zone-overridden']
    for (const name of names) await log.inject(name)
    for (const name of names) await log.heal(name)
    expect(everything()).toBe(before)
  })

  it('what somebody repaired by hand is left alone', async () => {
    const { stage, everything } = bareStage()
    const log = await FaultLog.open(stage, [])
    const before = everything()
    await log.inject('cluster-dns-wrong-address')
    const files = stage.nodeFiles.get('node2')
    const path = '/var/lib/kubelet/config.yaml'
    files?.set(path, (files.get(path) ?? '').replace('10.233.0.10', '169.254.25.10'))
    expect(await log.repaired()).toEqual(['cluster-dns-wrong-address'])
    await log.heal()
    expect(everything()).toBe(before)
  })

  it('refuses where the cluster lacks what it changes', async () => {
    const { stage } = bareStage()
    stage.nodeFiles.get('node2')?.delete('/var/lib/kubelet/config.yaml')
    const log = await FaultLog.open(stage, [])
    await expect(log.inject('cluster-dns-unset')).rejects.toThrow(
      'Cannot inject the fault: the cluster has no "clusterDNS:\\n- 169.254.25.10\\n" in node2:/var/lib/kubelet/config.yaml',
    )
    expect(await log.present()).toEqual([])
  })
})

describe('FAULTS', () => {
  it('have names of their own', () => {
    const names = FAULTS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
