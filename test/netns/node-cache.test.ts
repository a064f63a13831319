// The node cache on a node of its own: a network namespace with the cluster DNS behind its Service IP, the device nodelocaldns (a veth:
// test kernels may lack the dummy type), and a pod in another namespace that asks 169.254.25.10 without pause.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WHY_NO_IPTABLES, WHY_NO_NETNS, createNetns } from '../support/netns.ts'
import type { Netns, NetnsProcess } from '../support/netns.ts'
import type { ClientReport } from '../support/netns-client.ts'
import { bundleProgram } from '../support/program.ts'

const LOCAL_IP = '169.254.25.10'
const SERVICE_IP = '10.233.0.3'
const NAME = 'svc.default.svc.cluster.local.'
/** A pod notices nothing longer than this: the guard's promise. */
const GUARD_MS = 1000

const UPSTREAM = `.:53 {
  bind ${SERVICE_IP}
  hosts {
    10.1.2.3 svc.default.svc.cluster.local
    10.233.0.1 kubernetes.default.svc.cluster.local
    no_reverse
  }
}
`

/** The story's Corefile, whose last block is kept from asking beyond the node. */
const COREFILE = ['cluster.local', 'in-addr.arpa', 'ip6.arpa', '.']
  .map(
    (zone) => `${zone}:53 {
    errors
    cache 30
    reload 2s 1s
    loop
    bind ${LOCAL_IP}
    forward . ${SERVICE_IP} {
        force_tcp
    }
    prometheus :9253${zone === 'cluster.local' ? `\n    health ${LOCAL_IP}:9254` : ''}
}
`,
  )
  .join('')

let folder = ''
let program = ''
let client = ''
let node: Netns
let pod: Netns

beforeAll(async () => {
  if (WHY_NO_NETNS !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'fathom-netns-'))
  program = await bundleProgram(folder)
  client = join(folder, 'client.mjs')
  await build({
    absWorkingDir: resolve(import.meta.dirname, '../..'),
    entryPoints: ['test/support/netns-client.ts'],
    outfile: client,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
  })
})

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true })
})

beforeEach(() => {
  if (WHY_NO_NETNS !== undefined) return
  node = createNetns('node')
  pod = createNetns('pod')
  node.ip(`address add ${SERVICE_IP}/32 dev lo`)
  node.ip('link add nodelocaldns type veth peer name unused')
  node.ip(`link add cali0 type veth peer name eth0 netns ${pod.name}`)
  node.ip('address add 10.233.64.1/24 dev cali0')
  node.ip('link set cali0 up')
  pod.ip('address add 10.233.64.2/24 dev eth0')
  pod.ip('link set eth0 up')
  pod.ip('route add default via 10.233.64.1')
  writeFileSync(join(folder, 'upstream'), UPSTREAM)
  writeFileSync(join(folder, 'Corefile'), COREFILE)
})

afterEach(async () => {
  if (WHY_NO_NETNS !== undefined) return
  await pod.remove()
  await node.remove()
})

async function startUpstream(): Promise<NetnsProcess> {
  const started = node.start(process.execPath, [program, 'serve', '-conf', join(folder, 'upstream')])
  await expect.poll(() => started.output(), { timeout: 20_000 }).toContain('Fathom-')
  return started
}

/** Started, not yet waited for. */
function launch(...flags: readonly string[]): NetnsProcess {
  const args = [
    '-localip',
    LOCAL_IP,
    '-conf',
    join(folder, 'Corefile'),
    '-basecorefile',
    join(folder, 'none'),
    '-upstreamsvc',
    'coredns',
  ]
  return node.start(process.execPath, [program, 'node-cache', ...args, ...flags], { COREDNS_SERVICE_HOST: SERVICE_IP })
}

async function startCache(...flags: readonly string[]): Promise<NetnsProcess> {
  const cache = launch(...flags)
  await expect.poll(() => cache.output(), { timeout: 20_000 }).toContain('Fathom-')
  return cache
}

interface Asking {
  /** Lets the client ask for a while. */
  readonly more: (queries: number) => Promise<void>
  readonly report: () => Promise<ClientReport>
}

function startAsking(): Asking {
  const { child, output, ended } = pod.start(process.execPath, [client, LOCAL_IP, NAME])
  return {
    // Ten milliseconds apart; the load of the machine only makes it more time, never fewer queries.
    more: (queries) => new Promise((done) => setTimeout(done, queries * 10)),
    async report() {
      child.stdin?.end()
      expect(await ended).toBe(0)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the client writes exactly this
      return JSON.parse(output()) as ClientReport
    },
  }
}

function expectAllAnswered(report: ClientReport): void {
  for (const { sent, answered, failed } of Object.values(report)) {
    expect({ failed, answered }).toEqual({ failed: 0, answered: sent })
    expect(sent).toBeGreaterThan(50)
  }
}

function rules(): string[] {
  return ['raw', 'filter'].flatMap((table) =>
    node
      .run('iptables', ['-t', table, '-S'])
      .split('\n')
      .filter((line) => line.startsWith('-A'))
      .map((line) => `${table} ${line}`),
  )
}

function addresses(): string {
  return node.ip('-o address show')
}

async function stop(cache: NetnsProcess): Promise<void> {
  cache.child.kill('SIGTERM')
  expect(await cache.ended).toBe(0)
}

describe.skipIf(WHY_NO_NETNS !== undefined)(`fathom node-cache on a node (${WHY_NO_NETNS ?? 'netns'})`, () => {
  it('answers pods at its address, over a reload too, and takes the address along when it ends', async () => {
    await startUpstream()
    const cache = await startCache()
    const asking = startAsking()
    await asking.more(50)
    writeFileSync(join(folder, 'Corefile'), COREFILE.replaceAll('cache 30', 'cache 20'))
    await expect.poll(() => cache.output(), { timeout: 20_000 }).toContain('Reloading complete')
    await asking.more(50)
    expectAllAnswered(await asking.report())
    await stop(cache)
    expect(addresses()).not.toContain(LOCAL_IP)
  })

  it('shares the address with an instance that comes, and goes without a query lost', async () => {
    await startUpstream()
    const first = await startCache()
    const asking = startAsking()
    await asking.more(50)
    const second = await startCache()
    await asking.more(50)
    await stop(first)
    await asking.more(50)
    expectAllAnswered(await asking.report())
    expect(second.output()).toContain('Another instance serves these addresses too')
    expect(first.output()).toContain('Not tearing down')
    expect(addresses()).toContain(LOCAL_IP)
    await stop(second)
    expect(addresses()).not.toContain(LOCAL_IP)
  })

  it('-guard answers again within a second of a SIGKILL, and for good', async () => {
    await startUpstream()
    const pidfile = join(folder, 'pid')
    const guard = await startCache('-guard', '-pidfile', pidfile)
    const asking = startAsking()
    await asking.more(50)
    const pid = readFileSync(pidfile, 'utf8')
    process.kill(Number(pid), 'SIGKILL')
    await expect.poll(() => readFileSync(pidfile, 'utf8'), { timeout: 20_000 }).not.toBe(pid)
    await asking.more(100)
    const report = await asking.report()
    expect(guard.output()).toContain(`queries go to ${SERVICE_IP}:53 until the cache is back`)
    for (const { answered, gapMs } of Object.values(report)) {
      expect(answered).toBeGreaterThan(100)
      expect(gapMs).toBeLessThan(GUARD_MS)
    }
    await stop(guard)
    expect(addresses()).not.toContain(LOCAL_IP)
  })
})

describe.skipIf(WHY_NO_IPTABLES !== undefined)(
  `the rules of fathom node-cache (${WHY_NO_IPTABLES ?? 'iptables'})`,
  () => {
    const SKIP = '-m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK'
    const ALLOW = '-m comment --comment "NodeLocal DNS Cache: allow DNS traffic" -j ACCEPT'

    it('are the twelve of NodeLocal DNSCache, found again by the next instance, gone after a clean stop', async () => {
      await startUpstream()
      const kept = await startCache('-skipteardown')
      await expect.poll(() => rules().length, { timeout: 20_000 }).toBe(12)
      await stop(kept)
      const cache = await startCache()
      await expect.poll(() => addresses()).toContain(LOCAL_IP)
      const on = (protocol: string, match: string): string => `${LOCAL_IP}/32 -p ${protocol} -m ${protocol} ${match}`
      expect(rules()).toEqual([
        `raw -A PREROUTING -d ${on('udp', '--dport 53')} ${SKIP}`,
        `raw -A PREROUTING -d ${on('tcp', '--dport 53')} ${SKIP}`,
        `raw -A OUTPUT -s ${on('tcp', '--sport 8080')} ${SKIP}`,
        `raw -A OUTPUT -d ${on('tcp', '--dport 8080')} ${SKIP}`,
        `raw -A OUTPUT -d ${on('udp', '--dport 53')} ${SKIP}`,
        `raw -A OUTPUT -d ${on('tcp', '--dport 53')} ${SKIP}`,
        `raw -A OUTPUT -s ${on('udp', '--sport 53')} ${SKIP}`,
        `raw -A OUTPUT -s ${on('tcp', '--sport 53')} ${SKIP}`,
        `filter -A INPUT -d ${on('udp', '--dport 53')} ${ALLOW}`,
        `filter -A INPUT -d ${on('tcp', '--dport 53')} ${ALLOW}`,
        `filter -A OUTPUT -s ${on('udp', '--sport 53')} ${ALLOW}`,
        `filter -A OUTPUT -s ${on('tcp', '--sport 53')} ${ALLOW}`,
      ])
      expect(cache.output()).not.toContain('Added back')
      await stop(cache)
      expect(rules()).toEqual([])
    })

    it('come back when somebody deletes one', async () => {
      await startUpstream()
      const cache = await startCache('-syncinterval', '1')
      await expect.poll(() => rules().length, { timeout: 20_000 }).toBe(12)
      node.run('iptables', ['-t', 'raw', '-F'])
      await expect.poll(() => rules().length, { timeout: 20_000 }).toBe(12)
      await stop(cache)
    })
  },
)
