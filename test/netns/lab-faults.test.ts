// Every fault of the kernel's path, shown by plain tools to break what it says: whole before, broken while it is in, whole after.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WHY_NO_LAB, startNetnsLab } from '../support/netns-lab.ts'
import type { NetnsLabRig } from '../support/netns-lab.ts'

const CONSOLE = 'default/console'
const NAME = 'kubernetes.default.svc.cluster.local'
const LARGE = 'large.default.svc.cluster.local'
const WHOLE = '10.233.0.1'
const SILENT = 'timed out'
const POLL = { timeout: 15_000, interval: 100 }

/** One question by dig, and what its output holds while the lab is whole and while the fault is in. */
interface Look {
  readonly from: string
  readonly words: string
  /** Default: the right address. */
  readonly whole?: string
  readonly broken: string
}

interface Case {
  readonly fault: string
  readonly looks: readonly Look[]
  /** What must work all the same. */
  readonly works?: readonly Omit<Look, 'broken'>[]
}

const NODE_CACHE = '169.254.25.10'
const SERVICE = '10.233.0.3'
/** On node4 and node3. */
const REPLICA = '10.233.74.65'
const OTHER_REPLICA = '10.233.71.1'
/** The name comes with the fault: it is not asked before, for its denial would be cached. */
const ANSWERED = 'status: N'

const CALICO: readonly Case[] = [
  {
    fault: 'udp-53-blocked',
    looks: [
      { from: CONSOLE, words: `+notcp @${SERVICE} ${NAME}`, broken: SILENT },
      { from: CONSOLE, words: `+notcp @${REPLICA} ${NAME}`, broken: SILENT },
    ],
    works: [{ from: CONSOLE, words: `+tcp @${SERVICE} ${NAME}` }],
  },
  {
    fault: 'node-cache-force-tcp-blocked',
    looks: [{ from: CONSOLE, words: `+tcp @${SERVICE} ${NAME}`, broken: SILENT }],
    works: [{ from: CONSOLE, words: `+notcp @${SERVICE} ${NAME}` }],
  },
  {
    fault: 'service-ip-unreachable',
    looks: [{ from: 'node/node1', words: `+notcp @${SERVICE} ${NAME}`, broken: SILENT }],
    works: [
      { from: 'node/node1', words: `@${REPLICA} ${NAME}` },
      { from: CONSOLE, words: `@${SERVICE} ${NAME}` },
    ],
  },
  {
    fault: 'service-rules-stale',
    looks: [{ from: CONSOLE, words: `+notcp @${SERVICE} ${NAME}`, broken: SILENT }],
    works: [{ from: 'node/node1', words: `@${SERVICE} ${NAME}` }],
  },
  {
    fault: 'stale-udp-conntrack',
    looks: [],
    works: [{ from: CONSOLE, words: `+notcp @${SERVICE} ${NAME}` }],
  },
  {
    fault: 'node-cache-down',
    looks: [{ from: CONSOLE, words: `+notcp @${NODE_CACHE} ${NAME}`, broken: 'connection refused' }],
    works: [{ from: 'node/node1', words: `@${NODE_CACHE} ${NAME}` }],
  },
  {
    fault: 'node-cache-rules-inconsistent',
    looks: [{ from: CONSOLE, words: `+notcp @${NODE_CACHE} ${NAME}`, broken: SILENT }],
    works: [{ from: CONSOLE, words: `@${SERVICE} ${NAME}` }],
  },
  {
    // dig connects its socket and so never sees what comes from elsewhere: below, tcpdump does.
    fault: 'node-cache-wrong-source',
    looks: [{ from: CONSOLE, words: `+notcp @${SERVICE} ${NAME}`, broken: SILENT }],
    works: [{ from: CONSOLE, words: `@${NODE_CACHE} ${NAME}` }],
  },
  {
    fault: 'host-firewall-or-forwarding',
    looks: [{ from: CONSOLE, words: `+notcp @${REPLICA} ${NAME}`, broken: SILENT }],
    works: [{ from: 'node/node2', words: `@${REPLICA} ${NAME}` }],
  },
  {
    fault: 'network-policy-blocks-egress',
    looks: [
      { from: 'shop/web-5f6d8b9c47-t6wnc', words: `+notcp @${NODE_CACHE} ${NAME}`, broken: SILENT },
      { from: 'shop/web-5f6d8b9c47-t6wnc', words: `+notcp @${SERVICE} ${NAME}`, broken: SILENT },
    ],
    works: [{ from: CONSOLE, words: `@${SERVICE} ${NAME}` }],
  },
  {
    fault: 'cross-node-traffic-broken',
    looks: [{ from: CONSOLE, words: `+notcp @${REPLICA} ${NAME}`, broken: SILENT }],
    works: [{ from: 'node/node4', words: `@${REPLICA} ${NAME}` }],
  },
  {
    fault: 'large-response-lost',
    looks: [
      {
        from: CONSOLE,
        words: `+notcp +ignore +bufsize=4096 @${REPLICA} ${LARGE}`,
        whole: ANSWERED,
        broken: SILENT,
      },
    ],
    works: [
      { from: CONSOLE, words: `+notcp @${REPLICA} ${NAME}` },
      { from: CONSOLE, words: `+tcp @${REPLICA} ${NAME}` },
    ],
  },
  {
    fault: 'mtu-black-hole',
    looks: [{ from: CONSOLE, words: `+tcp @${OTHER_REPLICA} ${LARGE}`, whole: ANSWERED, broken: SILENT }],
    works: [{ from: CONSOLE, words: `+notcp @${OTHER_REPLICA} ${NAME}` }],
  },
]

/** Pods have other addresses there. */
const FLANNEL_REPLICA = '10.233.66.2'
const FLANNEL: readonly Case[] = ['vxlan-port-blocked', 'vxlan-port-mismatch'].map((fault) => ({
  fault,
  looks: [{ from: CONSOLE, words: `+notcp @${FLANNEL_REPLICA} ${NAME}`, broken: SILENT }],
  works: [{ from: 'node/node3', words: `@${FLANNEL_REPLICA} ${NAME}` }],
}))

let lab: NetnsLabRig

async function dig(from: string, words: string): Promise<string> {
  return (await lab.inside(from, 'dig', '+time=1', '+tries=1', ...words.split(' '))).stdout
}

/** A response may be cached and a rule may settle: what is not so at once has some seconds for it. */
async function expectLook({ from, words }: Omit<Look, 'broken'>, text: string): Promise<void> {
  await expect.poll(() => dig(from, words), { ...POLL, message: `${from}: dig ${words}` }).toContain(text)
}

/** Where the first DNS response comes from that reaches a pod which asks the Service IP. */
async function sourceOfResponses(from: string, source: string): Promise<string> {
  const filter = `udp src port 53 and src host ${source}`
  const captured = lab.inside(from, 'timeout', '10', 'tcpdump', '-nn', '-l', '-c', '1', '-i', 'eth0', filter)
  const asking = setInterval(() => void dig(from, `+notcp @${SERVICE} ${NAME}`), 300)
  return (await captured.finally(() => clearInterval(asking))).stdout
}

async function inject(fault: string): Promise<void> {
  expect(await lab.fathom('lab', 'inject', fault, '--name', lab.name)).toEqual({
    status: 0,
    stdout: `in the lab now: ${fault}\n`,
    stderr: '',
  })
}

async function heal(): Promise<string> {
  return (await lab.fathom('lab', 'heal', '--name', lab.name)).stdout
}

async function showFault({ fault, looks, works = [] }: Case): Promise<void> {
  for (const look of looks) if (look.whole === undefined) await expectLook(look, WHOLE)
  let healed = ''
  try {
    await inject(fault)
    await Promise.all([
      ...looks.map((look) => expectLook(look, look.broken)),
      ...works.map((look) => expectLook(look, look.whole ?? WHOLE)),
    ])
  } finally {
    // A test that failed must not break the next one too.
    healed = await heal()
  }
  expect(healed).toBe(`healed: ${fault}\n`)
  for (const look of looks) await expectLook(look, look.whole ?? WHOLE)
}

function useLab(...flags: string[]): void {
  beforeAll(async () => {
    if (WHY_NO_LAB === undefined) lab = await startNetnsLab(...flags)
  })
  afterAll(async () => {
    if (WHY_NO_LAB === undefined) await lab.remove()
  })
}

const why = WHY_NO_LAB === undefined ? '' : ` (${WHY_NO_LAB})`

describe.skipIf(WHY_NO_LAB !== undefined)(`faults in kernels, calico${why}`, () => {
  useLab()

  it.each(CALICO)('$fault breaks what it says, and heals', showFault)

  it("node-cache-wrong-source: the response comes from the cache's own address", async () => {
    await inject('node-cache-wrong-source')
    expect(await sourceOfResponses(CONSOLE, NODE_CACHE)).toContain(`IP ${NODE_CACHE}.53 > 10.233.75.12.`)
    await heal()
  })

  it('stale-udp-conntrack: one port has no answer as long as its flow is remembered', async () => {
    // The client that keeps the flow alive has the port: what it gets is looked for in the kernel.
    await inject('stale-udp-conntrack')
    const entries = ['conntrack', '-L', '-p', 'udp', '--orig-port-src', '40053'] as const
    const { stdout } = await lab.inside('node/node2', ...entries)
    expect(stdout).toMatch(
      /src=10\.233\.75\.12 dst=10\.233\.0\.3 sport=40053 dport=53 \[UNREPLIED\] src=10\.233\.7[14]\.\d+ dst=10\.233\.75\.12/,
    )
    await heal()
    expect((await lab.inside('node/node2', ...entries)).stdout).toBe('')
  })

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

  it.each(FLANNEL)('$fault breaks what it says, and heals', showFault)

  it('bridge-netfilter-disabled: a Service that ends on the same node answers from another address', async () => {
    const pods = JSON.parse(await lab.kubectl('get', 'pods', '-A', '-o', 'json')) as {
      items: { metadata: { namespace: string; name: string }; spec: { nodeName: string; hostNetwork?: boolean } }[]
    }
    const neighbor = pods.items.find(({ spec, metadata }) => {
      return spec.nodeName === 'node3' && spec.hostNetwork !== true && metadata.namespace === 'shop'
    })
    const from = `shop/${neighbor?.metadata.name ?? ''}`
    await inject('bridge-netfilter-disabled')
    // One endpoint of two is on the same node: it is chosen sooner or later, and dig does not take its response.
    expect(await sourceOfResponses(from, FLANNEL_REPLICA)).toContain(`IP ${FLANNEL_REPLICA}.53 > `)
    await expectLook({ from, words: `+notcp @${SERVICE} ${NAME}` }, SILENT)
    await heal()
    for (let turn = 0; turn < 8; turn += 1) expect(await dig(from, `+notcp @${SERVICE} ${NAME}`)).toContain(WHOLE)
  })
})
