// Every fault of the kernel's path, shown by plain tools to break what it says: whole before, broken while it is in, whole after.
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WHY_NO_LAB, startNetnsLab } from '../support/netns-lab.ts'
import type { NetnsLabRig } from '../support/netns-lab.ts'

const CONSOLE = 'default/console'
const NAME = 'kubernetes.default.svc.cluster.local'
const WHOLE = '10.233.0.1'
const SILENT = 'timed out'
/** A lab that is given up while it starts would be left behind. In milliseconds. */
const PATIENCE_MS = 300_000
const POLL = { timeout: 15_000, interval: 100 }

const SERVICE = '10.233.0.3'
const PAIRS = resolve(import.meta.dirname, '../support/ask-pairs.mjs')

/** Of those that need a kernel, the ones that are in and out again soon; "fathom lab verify" takes all. */
const CALICO = [
  'udp-53-blocked',
  'node-cache-force-tcp-blocked',
  'service-ip-unreachable',
  'service-rules-stale',
  'stale-udp-conntrack',
  'node-cache-down',
  'node-cache-rules-inconsistent',
  'node-cache-wrong-source',
  'host-firewall-or-forwarding',
  'mixed-iptables-backends',
  'network-policy-blocks-egress',
  'network-policy-misses-node-cache',
  'cross-node-traffic-broken',
  'cloud-firewall-blocks-dns',
  'large-response-lost',
  'mtu-black-hole',
  'client-udp-ports-exhausted',
  'aaaa-query-unanswered',
]
const FLANNEL = ['forwarding-off', 'vxlan-port-blocked', 'vxlan-port-mismatch', 'bridge-netfilter-disabled']
/** Pods have other addresses there. */
const FLANNEL_REPLICA = '10.233.66.2'

let lab: NetnsLabRig

async function dig(from: string, words: string): Promise<string> {
  return (await lab.inside(from, 'dig', '+time=1', '+tries=1', ...words.split(' '))).stdout
}

/** A response may be cached and a rule may settle: what is not so at once has some seconds for it. */
async function expectLook(
  { from, words }: { readonly from: string; readonly words: string },
  text: string,
): Promise<void> {
  await expect.poll(() => dig(from, words), { ...POLL, message: `${from}: dig ${words}` }).toContain(text)
}

/** What "fathom lab verify" says of each fault: its looks are at the fault itself, in src/lab/faults. */
async function verify(faults: readonly string[]): Promise<unknown> {
  const { stdout } = await lab.fathom('lab', 'verify', '--name', lab.name, '-o', 'json', ...faults)
  const report = JSON.parse(stdout) as { faults: { fault: string; outcome: string; why?: string }[] }
  return report.faults.map(({ fault, outcome, why }) => ({ fault, outcome, why }))
}

function allShown(faults: readonly string[]): unknown {
  return faults.map((fault) => ({ fault, outcome: 'shown', why: undefined }))
}

function useLab(...flags: string[]): void {
  beforeAll(async () => {
    if (WHY_NO_LAB === undefined) lab = await startNetnsLab(...flags)
  }, PATIENCE_MS)
  afterAll(async () => {
    if (WHY_NO_LAB === undefined) await lab.remove()
  }, PATIENCE_MS)
}

const why = WHY_NO_LAB === undefined ? '' : ` (${WHY_NO_LAB})`

describe.skipIf(WHY_NO_LAB !== undefined)(`faults in kernels, calico${why}`, () => {
  useLab()

  it(
    'each breaks what it says, as plain tools see it, and heals',
    async () => {
      expect(await verify(CALICO)).toEqual(allShown(CALICO))
    },
    PATIENCE_MS,
  )

  it('a NetworkPolicy that lets DNS through does so, and no more', async () => {
    const from = 'shop/web-5f6d8b9c47-t6wnc'
    const rule = {
      to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
      ports: [{ protocol: 'UDP', port: 53 }],
    }
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'dns', namespace: 'shop' },
      spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [rule] },
    }
    await lab.apply(policy)
    await expectLook({ from, words: `+tcp @${SERVICE} ${NAME}` }, SILENT)
    expect(await dig(from, `+notcp @${SERVICE} ${NAME}`)).toContain(WHOLE)
    await lab.kubectl('-n', 'shop', 'delete', 'networkpolicy', 'dns')
    await expectLook({ from, words: `+tcp @${SERVICE} ${NAME}` }, WHOLE)
  })

  it('of two queries from one socket that race, the kernel loses one and counts it', async () => {
    const ask = async (): Promise<number> =>
      Number((await lab.inside(CONSOLE, process.execPath, PAIRS, SERVICE, NAME, '20')).stdout)
    const counted = async (): Promise<number> => {
      const { stdout } = await lab.inside('node/node2', 'conntrack', '-S')
      return [...stdout.matchAll(/insert_failed=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0)
    }
    const before = await counted()
    expect(await ask()).toBe(40)
    await lab.fathom('lab', 'inject', 'conntrack-race', '--name', lab.name)
    const came = await ask()
    expect(came).toBeLessThan(40)
    expect(await counted()).toBe(before + 40 - came)
    await lab.fathom('lab', 'heal', 'conntrack-race', '--name', lab.name)
    expect(await ask()).toBe(40)
    expect(await counted()).toBe(before + 40 - came)
    expect((await lab.inside('node/node2', 'iptables-save')).stdout).not.toContain('NFQUEUE')
    expect((await lab.inside('node/node2', 'cat', '/proc/net/netfilter/nfnetlink_queue')).stdout).toBe('')
  })

  it('a fault that needs flannel says so', async () => {
    const { status, stderr } = await lab.fathom('lab', 'inject', 'vxlan-port-blocked', '--name', lab.name)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr:
        'fathom: Cannot inject "vxlan-port-blocked": it needs a lab of "fathom lab up --grade netns --cni flannel"\n',
    })
  })
})

describe.skipIf(WHY_NO_LAB !== undefined)(`faults in kernels, flannel${why}`, () => {
  useLab('--cni', 'flannel')

  it('what pods of two nodes say to each other is VXLAN on port 8472', async () => {
    const command = ['timeout', '10', 'tcpdump', '-nn', '-l', '-c', '2', '-i', 'eth0', 'udp port 8472']
    const captured = lab.inside('node/node2', ...command)
    const asking = setInterval(() => void dig(CONSOLE, `@${FLANNEL_REPLICA} ${NAME}`), 300)
    const { stdout } = await captured.finally(() => clearInterval(asking))
    expect(stdout).toMatch(
      /192\.168\.0\.3\.\d+ > 192\.168\.0\.4\.8472: OTV, flags \[I\] \(0x08\), overlay 0, instance 1/,
    )
    expect(stdout).toContain(`> ${FLANNEL_REPLICA}.53:`)
  })

  it(
    'each breaks what it says, as plain tools see it, and heals',
    async () => {
      expect(await verify(FLANNEL)).toEqual(allShown(FLANNEL))
    },
    PATIENCE_MS,
  )
})
