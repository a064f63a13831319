// What the node cache does to a node, for real: both flavors of iptables, a lock that is held, several addresses, IPv6, no privileges.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WHY_NO_IPTABLES, WHY_NO_LEGACY_IPTABLES, WHY_NO_NETNS, createNetns } from '../support/netns.ts'
import type { Netns, NetnsProcess } from '../support/netns.ts'
import { bundleProgram } from '../support/program.ts'

const IPV4 = '169.254.25.10'
const IPV6 = 'fd00:25::10'
const PATIENCE = { timeout: 20_000 }

let folder = ''
let program = ''
let node: Netns

beforeAll(async () => {
  if (WHY_NO_NETNS !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'fathom-netns-'))
  program = await bundleProgram(folder)
})

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true })
})

beforeEach(() => {
  if (WHY_NO_NETNS !== undefined) return
  node = createNetns('setup')
  node.ip('link add nodelocaldns type veth peer name unused')
})

afterEach(async () => {
  if (WHY_NO_NETNS === undefined) await node.remove()
})

interface Launch {
  readonly localIp: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What the program runs below, such as `setpriv …`. */
  readonly below?: readonly string[]
}

/** Started, not yet waited for. */
function launch({ localIp, flags = [], env = {}, below = [] }: Launch): NetnsProcess {
  const corefile = join(folder, 'Corefile')
  writeFileSync(corefile, `.:53 {\n bind ${localIp.replaceAll(',', ' ')}\n whoami\n}\n`)
  const files = ['-localip', localIp, '-conf', corefile, '-basecorefile', join(folder, 'none')]
  const [runner = '', ...args] = [...below, process.execPath, program, 'node-cache', ...files, ...flags]
  return node.start(runner, args, env)
}

async function startCache(options: Launch): Promise<NetnsProcess> {
  const cache = launch(options)
  await expect.poll(() => cache.output(), PATIENCE).toContain('Fathom-')
  return cache
}

async function stop(cache: NetnsProcess): Promise<void> {
  cache.child.kill('SIGTERM')
  expect(await cache.ended).toBe(0)
}

function rules(iptables: string): string[] {
  return ['raw', 'filter'].flatMap((table) =>
    node
      .run(iptables, ['-t', table, '-S'])
      .split('\n')
      .filter((line) => line.startsWith('-A')),
  )
}

describe.skipIf(WHY_NO_LEGACY_IPTABLES !== undefined)(
  `fathom node-cache with iptables-legacy (${WHY_NO_LEGACY_IPTABLES ?? 'legacy'})`,
  () => {
    /** A PATH on which `iptables` is the legacy flavor, as the system's chooser may have it. */
    function legacyEnvironment(): Record<string, string> {
      const programs = join(folder, 'legacy')
      mkdirSync(programs, { recursive: true })
      const path = join(programs, 'iptables')
      rmSync(path, { force: true })
      symlinkSync('/usr/sbin/iptables-legacy', path)
      return { PATH: `${programs}:${process.env['PATH'] ?? ''}`, XTABLES_LOCKFILE: join(folder, 'xtables.lock') }
    }

    it('adds the same rules, and takes them away', async () => {
      const cache = await startCache({ localIp: IPV4, env: legacyEnvironment() })
      await expect.poll(() => rules('iptables-legacy').length, PATIENCE).toBe(12)
      expect(rules('iptables-nft')).toEqual([])
      await stop(cache)
      expect(rules('iptables-legacy')).toEqual([])
    })

    it('serves while another program holds the lock, counts that, and adds the rules when it is free', async () => {
      const env = legacyEnvironment()
      const holder = spawn('flock', [env['XTABLES_LOCKFILE'] ?? '', 'sh', '-c', 'echo held; read end'])
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      const flags = ['-syncinterval', '1', '-metrics-listen-address', '127.0.0.1:9353']
      node.ip('link set lo up')
      const cache = launch({ localIp: IPV4, flags, env })
      await expect.poll(() => cache.output(), PATIENCE).toMatch(/xtables.lock/)
      const counts = node.run(process.execPath, ['-e', READ_METRICS])
      expect(counts).toMatch(/errortype="iptables_lock"\} [1-9]/)
      holder.stdin.end()
      await expect.poll(() => rules('iptables-legacy').length, PATIENCE).toBe(12)
      await stop(cache)
    })
  },
)

const READ_METRICS = "fetch('http://127.0.0.1:9353/metrics').then((r) => r.text()).then((t) => console.log(t))"

describe.skipIf(WHY_NO_IPTABLES !== undefined)(`fathom node-cache on a node (${WHY_NO_IPTABLES ?? 'iptables'})`, () => {
  it('serves two local addresses with twelve rules each', async () => {
    const cache = await startCache({ localIp: `${IPV4},10.233.0.3` })
    await expect.poll(() => rules('iptables').length, PATIENCE).toBe(24)
    const shown = node.ip('-o address show dev nodelocaldns')
    expect(shown).toContain(`inet ${IPV4}/32`)
    expect(shown).toContain('inet 10.233.0.3/32')
    await stop(cache)
    expect(rules('iptables')).toEqual([])
  })

  it('serves an IPv6 address, with the rules of ip6tables', async () => {
    const cache = await startCache({ localIp: IPV6 })
    await expect.poll(() => rules('ip6tables').length, PATIENCE).toBe(12)
    expect(rules('iptables')).toEqual([])
    expect(rules('ip6tables')[0]).toContain(`-d ${IPV6}/128 -p udp`)
    await stop(cache)
    expect(rules('ip6tables')).toEqual([])
  })

  it('without NET_ADMIN says so in one line, and serves at an address that is there', async () => {
    node.ip(`address add ${IPV4}/32 dev nodelocaldns`)
    const below = ['setpriv', '--bounding-set=-net_admin,-net_raw', '--inh-caps=-net_admin,-net_raw']
    const cache = await startCache({ localIp: IPV4, flags: ['-syncinterval', '1'], below })
    await expect.poll(() => cache.output(), PATIENCE).toContain('missing capability NET_ADMIN, NET_RAW')
    await stop(cache)
    expect(cache.output().match(/NET_ADMIN/g)).toHaveLength(1)
    expect(node.ip('-o address show dev nodelocaldns')).toContain(IPV4)
  })
})
