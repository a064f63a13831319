// A node with pods that have nothing at all in them: no shell, no dig, no cat; a process that sleeps, and a resolv.conf.
// Every question is asked by our own sockets inside the pod's namespace.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { locateNetns, locatePod, locateProcess, openNamespace } from '../../src/vantage/index.ts'
import type { NamespaceTarget, Skipped, Vantage } from '../../src/vantage/index.ts'
import { query } from '../../src/dns/index.ts'
import { WHY_NO_IPTABLES, WHY_NO_NETNS, createNetns } from '../support/netns.ts'
import type { Netns, NetnsProcess } from '../support/netns.ts'
import { bundleProgram } from '../support/program.ts'

const SERVER = '10.66.0.1'
const POD = '10.66.0.2'
const COREFILE = `. {
  bind ${SERVER}
  health ${SERVER}:8080
  template IN A in-the-pod.example {
    answer "{{ .Name }} 5 IN A 192.0.2.66"
  }
  template IN A asker.example {
    answer "{{ .Name }} 5 IN A {{ .Remote }}"
  }
}
`

interface Opened extends Vantage {
  close(): Promise<void>
}

describe.skipIf(WHY_NO_NETNS !== undefined)(`namespace vantage (${WHY_NO_NETNS ?? 'root'})`, () => {
  let folder = ''
  let program = ''
  let node: Netns
  let pod: Netns
  let sleeper: NetnsProcess
  let server: NetnsProcess
  const opened: Opened[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-vantage-'))
    program = await bundleProgram(folder)
    node = createNetns('node')
    pod = createNetns('pod')
    node.ip(`link add toPod type veth peer name eth0 netns ${pod.name}`)
    node.ip(`addr add ${SERVER}/24 dev toPod`)
    node.ip('link set toPod up')
    pod.ip(`addr add ${POD}/24 dev eth0`)
    pod.ip('link set eth0 up')
    writeFileSync(join(folder, 'Corefile'), COREFILE)
    server = node.start('node', [program, 'serve', '-conf', join(folder, 'Corefile')])
    sleeper = pod.start('chroot', [emptyImage(join(folder, 'image')), '/sleep', '600'])
    await until(() => server.output().includes('.:53') || server.output().includes(':53'))
    await until(() => processIn(sleeper) === 'sleep')
  })

  afterAll(async () => {
    for (const vantage of opened) await vantage.close()
    await pod.remove()
    await node.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const pid = (): number => sleeper.child.pid ?? 0

  async function open(target: NamespaceTarget | Skipped): Promise<Opened> {
    if ('kind' in target) throw new Error(target.why)
    const workerUrl = pathToFileURL(join(dirname(program), 'namespace-worker.js'))
    const vantage = await openNamespace(target, { place: { kind: 'here' }, workerUrl })
    if ('kind' in vantage) throw new Error(vantage.why)
    opened.push(vantage)
    return vantage
  }

  const ask = (vantage: Vantage, name: string, transport: 'tcp' | 'udp' = 'udp'): ReturnType<Vantage['exchange']> =>
    vantage.exchange({
      server: { address: SERVER, port: 53 },
      message: query({ name }),
      transport,
      timeoutMs: 5000,
    })

  it.each(['udp', 'tcp'] as const)('asks over %s from the pod’s own address', async (transport) => {
    const vantage = await open(await locateProcess(pid()))
    expect(await ask(vantage, 'asker.example', transport)).toMatchObject({
      kind: 'response',
      transport,
      message: { answer: [{ rdata: { address: POD } }] },
    })
  })

  it('reads the pod’s resolv.conf through a link, never the node’s', async () => {
    const vantage = await open(await locateProcess(pid()))
    expect(await vantage.readFile('/etc/resolv.conf')).toEqual({
      kind: 'file',
      text: `nameserver ${SERVER}\nsearch example\n`,
    })
    expect(await vantage.readFile('/etc/hostname')).toEqual({ kind: 'absent' })
  })

  it('finds the files of a container by its namespace’s name', async () => {
    const vantage = await open(await locateNetns(pod.name))
    expect(await vantage.readFile('/etc/resolv.conf')).toMatchObject({ text: expect.stringContaining(SERVER) })
  })

  it('has no resolv.conf where a namespace has none of its own, rather than this machine’s', async () => {
    const vantage = await open(await locateNetns(node.name))
    expect(await vantage.readFile('/etc/resolv.conf')).toEqual({ kind: 'absent' })
  })

  it('reads the kernel’s tables of the namespace: its links, routes and sockets', async () => {
    const vantage = await open(await locateNetns(node.name))
    const tables = await vantage.kernelTables({ addresses: [SERVER], timeoutMs: 10_000 })
    if ('kind' in tables) throw new Error(tables.why)
    expect(tables.links).toMatchObject([{ name: 'lo' }, { name: 'toPod', kind: 'veth', mtu: 1500, isUp: true }])
    expect(tables.routes).toContainEqual(expect.objectContaining({ destination: '10.66.0.0/24', device: 'toPod' }))
    expect(tables.udp).toMatchObject({
      sockets: expect.arrayContaining([expect.objectContaining({ local: { address: SERVER, port: 53 } })]),
    })
  })

  it.skipIf(WHY_NO_IPTABLES !== undefined)(
    'sees a translated query in the rules and in the connection table',
    async () => {
      const service = '10.233.0.3'
      const rule = `-t nat -A OUTPUT -d ${service}/32 -p udp --dport 53 -j DNAT --to-destination ${SERVER}:53`
      node.ip(`route add ${service}/32 dev toPod`)
      node.run('iptables', rule.split(' '))
      const vantage = await open(await locateNetns(node.name))
      const asked = { server: { address: service, port: 53 }, message: query({ name: 'asker.example' }) }
      const result = await vantage.exchange({ ...asked, transport: 'udp', timeoutMs: 5000 })
      expect(result).toMatchObject({ kind: 'response' })
      const tables = await vantage.kernelTables({ addresses: [service], timeoutMs: 10_000 })
      if ('kind' in tables) throw new Error(tables.why)
      const flows = 'kind' in tables.conntrack ? [] : tables.conntrack.entries
      expect(flows.find(({ original }) => original.destination.address === service)).toMatchObject({
        protocol: 'udp',
        original: { destination: { port: 53 } },
        reply: { source: { address: SERVER, port: 53 } },
        isReplied: true,
      })
      expect(tables.iptables).toMatchObject([
        { rules: [{ table: 'nat', chain: 'OUTPUT', target: 'DNAT', toDestination: `${SERVER}:53`, packets: 1 }] },
      ])
    },
  )

  it('keeps its sockets inside while this process stays outside', async () => {
    const vantage = await open(await locateProcess(pid()))
    const [inside, outside] = await Promise.all([
      ask(vantage, 'in-the-pod.example'),
      Promise.resolve(execFileSync('ip', ['-br', 'addr'], { encoding: 'utf8' })),
    ])
    expect(inside).toMatchObject({ kind: 'response' })
    expect(outside).not.toContain(POD)
  })

  it('keeps the sockets of two places apart that are asked from in turn', async () => {
    const places = await Promise.all([locateNetns(node.name), locateProcess(pid())])
    const [outer, inner] = await Promise.all(places.map((place) => open(place)))
    if (outer === undefined || inner === undefined) throw new Error('two places were opened')
    const askers = await Promise.all(
      Array.from({ length: 20 }, async (_, count) => {
        const asked = await ask(count % 2 === 0 ? outer : inner, 'asker.example', count % 4 < 2 ? 'udp' : 'tcp')
        return asked.kind === 'response' ? asked.message.answer.map(({ rdata }) => rdata) : asked
      }),
    )
    expect(askers).toEqual(askers.map((_, count) => [{ type: 'A', address: count % 2 === 0 ? SERVER : POD }]))
  })

  it('gets pages from inside', async () => {
    const vantage = await open(await locateProcess(pid()))
    const get = (port: number): ReturnType<Vantage['httpGet']> =>
      vantage.httpGet({ server: { address: SERVER, port }, path: '/health', timeoutMs: 5000 })
    expect(await get(8080)).toMatchObject({ kind: 'response', status: 200, body: 'OK' })
    expect(await get(8081)).toMatchObject({ kind: 'failed', why: 'refused' })
  })

  it('is what "fathom dig --pid" uses, with the pod’s servers and search list', () => {
    const printed = execFileSync('node', [program, 'dig', '--pid', `${pid()}`, 'in-the-pod', '+search'], {
      encoding: 'utf8',
    })
    expect(printed).toContain('in-the-pod.example.\t5\tIN\tA\t192.0.2.66')
    expect(printed).toContain(`;; SERVER: ${SERVER}#53(${SERVER}) (UDP)\n;; FROM: namespace of process ${pid()}\n`)
  })

  it('says so when the process ends while we are inside', async () => {
    const short = pod.start('sleep', ['600'])
    await until(() => processIn(short) === 'sleep')
    const vantage = await open(await locateProcess(short.child.pid ?? 0))
    expect(await ask(vantage, 'asker.example')).toMatchObject({ kind: 'response' })
    short.child.kill('SIGKILL')
    await short.ended
    const netns = `/proc/${short.child.pid}/ns/net`
    const why = `${netns} is gone: the process or pod it belonged to has ended`
    expect(await ask(vantage, 'asker.example')).toEqual({ kind: 'skipped', why })
    expect(await vantage.readFile('/etc/resolv.conf')).toEqual({ kind: 'skipped', why })
  })

  it('takes another process with the same id for none of its own: what it entered is gone', async () => {
    // A path whose namespace is another one now, as /proc/PID/ns/net is after the id was given away again.
    const path = join(folder, 'entered')
    symlinkSync(`/run/netns/${pod.name}`, path)
    const vantage = await open({ netns: path, how: 'test', files: [{ kind: 'root', path: `/proc/${pid()}/root` }] })
    expect(await ask(vantage, 'asker.example')).toMatchObject({ kind: 'response' })
    rmSync(path)
    symlinkSync(`/run/netns/${node.name}`, path)
    const gone = { kind: 'skipped', why: `${path} is gone: the process or pod it belonged to has ended` }
    expect(await ask(vantage, 'asker.example')).toEqual(gone)
    expect(await vantage.readFile('/etc/resolv.conf')).toEqual(gone)
  })

  it('says what a name under /run/netns is that no namespace stands behind', async () => {
    const name = `${node.name}-stale`
    writeFileSync(`/run/netns/${name}`, '')
    try {
      await expect(open(await locateNetns(name))).rejects.toThrow('it is not a network namespace')
    } finally {
      rmSync(`/run/netns/${name}`)
    }
    expect(await locateNetns(name)).toMatchObject({ why: `there is no network namespace at /run/netns/${name}` })
  })

  describe.skipIf(CGROUPS === undefined)('a pod that is found by its UID in the cgroup of a real process', () => {
    const uid = `0b7e4a0e-3f0c-4b0f-9f43-${String(process.pid).padStart(12, '0')}`
    const podGroup = join(CGROUPS ?? '', 'kubepods', 'burstable', `pod${uid}`)
    const group = join(podGroup, 'ab'.repeat(32))
    const manifests = (): string => join(folder, 'cluster.json')

    beforeAll(() => {
      mkdirSync(group, { recursive: true })
      writeFileSync(join(group, 'cgroup.procs'), `${pid()}`)
      writeFileSync(manifests(), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: clusterOf(uid) }))
    })
    afterAll(() => {
      writeFileSync(join(CGROUPS ?? '', 'cgroup.procs'), `${pid()}`)
      for (const each of [group, podGroup]) rmdirSync(each)
    })

    it('is entered, and its own resolv.conf is read', async () => {
      const found = await locatePod({ kind: 'pod', namespace: 'shop', name: 'web' }, { uidOf: () => uid })
      expect(found).toMatchObject({ how: `namespace of pod shop/web (process ${pid()})` })
      const vantage = await open(found)
      expect(await vantage.readFile('/etc/resolv.conf')).toMatchObject({ text: expect.stringContaining(SERVER) })
      expect(await ask(vantage, 'asker.example')).toMatchObject({ message: { answer: [{ rdata: { address: POD } }] } })
    })

    it.each([
      { command: 'dig', args: () => ['--pid', `${pid()}`, 'x.example', '+tries=9'] },
      { command: 'trace', args: () => ['x.example.', '--from', 'shop/web', '--manifests', manifests()] },
      { command: 'capture', args: () => ['--pid', `${pid()}`] },
    ])('Ctrl-C while "$command" is at it leaves nothing behind', async ({ command, args }) => {
      const before = leftovers()
      server.child.kill('SIGSTOP')
      try {
        const child = spawn(process.execPath, [program, command, ...args()], { stdio: 'ignore', detached: true })
        const ended = once(child, 'exit')
        // Its socket in the pod's namespace shows that it is inside and waits.
        await until(() => pod.run('ss', ['-Hnu0']).trim() !== '')
        // As a terminal does it: the whole process group gets the signal.
        process.kill(-(child.pid ?? 0), 'SIGINT')
        await ended
        expect(processesOfGroup(child.pid ?? 0)).toEqual([])
        expect(pod.run('ss', ['-Hnu0']).trim()).toBe('')
        expect(leftovers()).toEqual(before)
      } finally {
        server.child.kill('SIGCONT')
      }
    })

    /** Namespaces, links of the pod, and files of ours in the temporary folder. */
    function leftovers(): unknown {
      const ofOurs = (names: readonly string[], prefix: string): string[] =>
        names.filter((name) => name.startsWith(prefix)).toSorted()
      return {
        namespaces: ofOurs(readdirSync('/run/netns'), `fathom-${process.pid}-`),
        files: ofOurs(readdirSync(folder), ''),
        // By name: whether a link is up yet is its own affair.
        links: pod.ip('-br link').match(/^\S+/gm),
      }
    }
  })

  it('refuses what is no network namespace, and needs rights to enter one', async () => {
    const target = { netns: '/etc/passwd', how: 'test', files: [] }
    await expect(open(target)).rejects.toThrow('cannot enter /etc/passwd: it is not a network namespace')
    const dig = ['--reuid=65534', '--', 'node', program, 'dig', '--netns', pod.name, 'a.example']
    chmodSync(folder, 0o755)
    expect(() => execFileSync('setpriv', dig, { stdio: 'pipe' })).toThrow(
      /not allowed to enter .*; needs: CAP_SYS_ADMIN on this node: run as root/,
    )
  })
})

/** Where processes can be put into cgroups of our own: a hierarchy of version 1, or the only one of version 2. */
const CGROUPS: string | undefined = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((folder) =>
  existsSync(join(folder, 'cgroup.procs')),
)

/** A cluster with one node and the pod; its kubelet gives the server that is there. */
function clusterOf(uid: string): unknown[] {
  const meta = { name: 'web', namespace: 'shop', uid }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' }, status: {} },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
      spec: { clusterIP: SERVER, clusterIPs: [SERVER], ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: meta,
      spec: { nodeName: 'node1', dnsPolicy: 'ClusterFirst', containers: [{ name: 'web', image: 'empty' }] },
      status: { phase: 'Running', podIP: POD, podIPs: [{ ip: POD }] },
    },
  ]
}

function processesOfGroup(group: number): string[] {
  const rows = execFileSync('ps', ['-eo', 'pgid=,stat=,args='], { encoding: 'utf8' }).split('\n')
  return rows.filter((row) => row.trim().startsWith(`${group} `) && !/^\s*\d+\s+Z/.test(row))
}

/** A root that holds one program with its libraries, and a resolv.conf that is a link as systemd-resolved makes them. */
function emptyImage(root: string): string {
  mkdirSync(join(root, 'etc'), { recursive: true })
  mkdirSync(join(root, 'run'))
  const sleep = execFileSync('sh', ['-c', 'command -v sleep'], { encoding: 'utf8' }).trim()
  copyFileSync(sleep, join(root, 'sleep'))
  for (const [library] of execFileSync('ldd', [sleep], { encoding: 'utf8' }).matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
  writeFileSync(join(root, 'run/resolv.conf'), `nameserver ${SERVER}\nsearch example\n`)
  symlinkSync('/run/resolv.conf', join(root, 'etc/resolv.conf'))
  return root
}

function processIn({ child }: NetnsProcess): string {
  try {
    return execFileSync('cat', [`/proc/${child.pid}/comm`], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return ''
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('it did not come about within 20 s')
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
