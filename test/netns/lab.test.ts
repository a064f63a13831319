// The lab of network namespaces as users have it, looked at with plain tools: dig, getent, kubectl, iptables-save, conntrack, tcpdump.
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DoctorReport } from '../../src/doctor/report/index.ts'
import { LANGUAGES, REPORT_FORMATS, renderReport } from '../../src/doctor/report/index.ts'
import { WHY_NO_LAB, startNetnsLab } from '../support/netns-lab.ts'
import type { NetnsLabRig } from '../support/netns-lab.ts'
import { runDoctor } from '../support/run-doctor.ts'

const CONSOLE = 'default/console'
const DIG = ['dig', '+time=1', '+tries=1']
/** What is waited for happens in milliseconds; a machine with much to do takes longer. */
const POLL = { timeout: 60_000, interval: 100 }

let lab: NetnsLabRig

beforeAll(async () => {
  if (WHY_NO_LAB === undefined) lab = await startNetnsLab()
})
afterAll(async () => {
  if (WHY_NO_LAB === undefined) await lab.remove()
})

async function stdout(place: string, ...command: string[]): Promise<string> {
  return (await lab.inside(place, ...command)).stdout
}

/** The same with all files of the place. */
async function shown(place: string, ...command: string[]): Promise<string> {
  return (await lab.exec(place, ...command)).stdout
}

/** The rules of one table of a node. */
function rules(node: string, table: string): Promise<string> {
  return stdout(`node/${node}`, 'iptables-save', '-t', table)
}

function dig(place: string, ...words: string[]): Promise<string> {
  return stdout(place, ...DIG, ...words)
}

/** What a stream brought so far. */
function readingOf(stream: Readable | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** Whether a thread of a process has another network than the process. */
function isInsidePods(pid: number | undefined): boolean {
  const networkOf = (path: string): string => {
    try {
      return readlinkSync(`${path}/ns/net`)
    } catch {
      // A thread that has just ended.
      return ''
    }
  }
  const own = networkOf(`/proc/${pid}`)
  return readdirSync(`/proc/${pid}/task`).some((thread) => {
    const network = networkOf(`/proc/${pid}/task/${thread}`)
    return network !== '' && network !== own
  })
}

/** Whether a process of a group still runs. */
function isGroupLeft(pid: number | undefined): boolean {
  try {
    return process.kill(-(pid ?? 0), 0)
  } catch {
    return false
  }
}

describe.skipIf(WHY_NO_LAB !== undefined)(
  `fathom lab --grade netns${WHY_NO_LAB === undefined ? '' : ` (${WHY_NO_LAB})`}`,
  () => {
    it('is up, and says how to use it', () => {
      expect(lab.up).toMatchObject({ status: 0, stderr: '' })
      expect(lab.up.stdout).toContain(`lab "${lab.name}" is up`)
    })

    it('pods have their addresses, a gateway that nobody has, and the MTU of calico', async () => {
      const address = await stdout(CONSOLE, 'ip', '-o', '-4', 'address', 'show', 'eth0')
      expect(address).toContain('inet 10.233.75.12/32')
      expect(await stdout(CONSOLE, 'ip', 'route')).toBe(
        'default via 169.254.1.1 dev eth0 \n169.254.1.1 dev eth0 scope link \n',
      )
      expect(await stdout(CONSOLE, 'ip', 'link', 'show', 'eth0')).toContain('mtu 1440')
      const routes = await stdout('node/node2', 'ip', 'route')
      expect(routes).toMatch(/^10\.233\.75\.12 dev cali[0-9a-f]{11} scope link/m)
      expect(routes).toMatch(/^10\.233\.71\.0\/26 via 192\.168\.0\.4 dev eth0 proto bird/m)
    })

    it('pods see their own files, hostname and exit codes', async () => {
      expect(await shown(CONSOLE, 'cat', '/etc/resolv.conf')).toBe(
        'nameserver 169.254.25.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n',
      )
      expect(await shown(CONSOLE, 'hostname')).toBe('console\n')
      expect(await lab.exec(CONSOLE, 'sh', '-c', 'exit 7')).toMatchObject({ status: 7 })
      expect(await shown('node/node4', 'cat', '/etc/resolv.conf')).not.toContain('1.2.4.8')
      expect(existsSync('/var/run/secrets/kubernetes.io')).toBe(false)
      expect(await shown(CONSOLE, 'cat', '/var/run/secrets/kubernetes.io/serviceaccount/namespace')).toBe('default')
    })

    it('answers through the node cache, the Service IP and each replica, over UDP and TCP', async () => {
      for (const server of ['169.254.25.10', '10.233.0.3', '10.233.74.65', '10.233.71.1']) {
        for (const transport of ['+notcp', '+tcp']) {
          const words = [transport, '+short', `@${server}`, 'kubernetes.default.svc.cluster.local']
          expect(await dig(CONSOLE, ...words)).toBe('10.233.0.1\n')
        }
      }
      expect(await shown(CONSOLE, 'getent', 'hosts', 'coredns.kube-system')).toMatch(/^10\.233\.0\.3 /)
      expect(await dig(CONSOLE, '+short', 'www.example.com')).toBe('192.0.2.11\n')
    })

    it('upstreams answer at their own addresses but the silent one, and there is no way out', async () => {
      for (const server of ['100.64.11.3', '114.114.114.114', '119.29.29.29']) {
        expect(await dig('node/node1', '+short', `@${server}`, 'www.example.com')).toBe('192.0.2.11\n')
      }
      expect(await dig('node/node1', '@1.2.4.8', 'www.example.com')).toContain('timed out')
      expect(await dig(CONSOLE, '@192.0.2.53', 'www.example.com')).toContain('timed out')
      // Nothing in the lab is connected to this machine's own network.
      expect(await stdout('node/node1', 'ip', '-o', 'link')).not.toMatch(/^\d+: (ens|enp|wl)/m)
    })

    it("Service IPs are kube-proxy's rules, names and all", async () => {
      const nat = await rules('node2', 'nat')
      expect(nat).toContain(
        '-A KUBE-SERVICES -d 10.233.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y',
      )
      expect(nat).toMatch(
        /-A KUBE-SVC-NPX46M4PTMTKRN6Y -m comment --comment "default\/kubernetes:https" -m statistic --mode random --probability 0\.50000000\d* -j KUBE-SEP-[A-Z2-7]{16}/,
      )
      expect(nat).toMatch(/-A KUBE-SEP-[A-Z2-7]{16} -p udp .*-j DNAT --to-destination 10\.233\.71\.1:53/)
      expect(nat).toContain('-A KUBE-SERVICES ! -s 10.233.64.0/18 -d 10.233.0.3/32 -p udp')
      expect(await rules('node2', 'raw')).toContain('-d 169.254.25.10/32 -p udp -m udp --dport 53 -m comment')
    })

    it('the kernel tracks what goes to the Service IP and not what goes to the node cache', async () => {
      await dig(CONSOLE, '-b', '0.0.0.0#41053', '@10.233.0.3', 'kubernetes.default.svc.cluster.local')
      await dig(CONSOLE, '-b', '0.0.0.0#41054', 'kubernetes.default.svc.cluster.local')
      const entries = await stdout('node/node2', 'conntrack', '-L', '-p', 'udp', '--orig-src', '10.233.75.12')
      expect(entries).toMatch(/dst=10\.233\.0\.3 sport=41053 dport=53 src=10\.233\.7[14]\.\d+ dst=10\.233\.75\.12/)
      expect(entries).not.toContain('sport=41054')
    })

    it('tcpdump on a node sees the question with the Service IP at the pod and with a replica on the wire', async () => {
      const capture = (place: string, device: string): Promise<string> =>
        stdout(
          place,
          'timeout',
          '4',
          'tcpdump',
          '-nn',
          '-l',
          '-c',
          '1',
          '-i',
          device,
          'udp and dst port 53 and src 10.233.75.12',
        )
      const seen = Promise.all([capture(CONSOLE, 'eth0'), capture('node/node2', 'eth0')])
      const asking = setInterval(() => void dig(CONSOLE, '@10.233.0.3', 'kubernetes.default.svc.cluster.local'), 300)
      const [inPod, onWire] = await seen.finally(() => clearInterval(asking))
      expect(inPod).toMatch(/10\.233\.75\.12\.\d+ > 10\.233\.0\.3\.53/)
      expect(onWire).toMatch(/10\.233\.75\.12\.\d+ > 10\.233\.7[14]\.\d+\.53/)
    })

    it('rules and namespaces follow pods: scaled to one, to three, and to none', async () => {
      const endpoints = async (): Promise<number> =>
        [...(await rules('node1', 'nat')).matchAll(/-p udp .*kube-system\/coredns:dns" .*-j DNAT/g)].length
      expect(await endpoints()).toBe(2)
      await lab.kubectl('-n', 'kube-system', 'scale', 'deploy', 'coredns', '--replicas=3')
      await expect.poll(endpoints, POLL).toBe(3)
      const json = await lab.kubectl('-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'json')
      const { items } = JSON.parse(json) as { items: { status: { podIP: string } }[] }
      for (const { status } of items) {
        const words = ['+short', `@${status.podIP}`, 'kubernetes.default.svc.cluster.local']
        expect(await dig(CONSOLE, ...words)).toBe('10.233.0.1\n')
      }
      await lab.kubectl('-n', 'kube-system', 'scale', 'deploy', 'coredns', '--replicas=0')
      await expect
        .poll(() => rules('node1', 'filter'), POLL)
        .toContain(
          '--comment "kube-system/coredns:dns has no endpoints" -m udp --dport 53 -j REJECT --reject-with icmp-port-unreachable',
        )
      const refused = (): Promise<string> => dig(CONSOLE, '@10.233.0.3', 'kubernetes.default.svc.cluster.local')
      await expect.poll(refused, POLL).toContain('connection refused')
      const left = (): string[] =>
        readdirSync('/run/netns').filter((name) => name.startsWith(`${lab.name}.kube-system.coredns`))
      await expect.poll(left, POLL).toEqual([])
      await lab.kubectl('-n', 'kube-system', 'scale', 'deploy', 'coredns', '--replicas=2')
      await expect.poll(endpoints, POLL).toBe(2)
      await expect
        .poll(() => dig(CONSOLE, '+short', '@10.233.0.3', 'kubernetes.default.svc.cluster.local'), POLL)
        .toBe('10.233.0.1\n')
    })

    it('a Corefile that is edited with kubectl reaches the replicas', async () => {
      const patch = { data: { Corefile: '.:53 {\n  whoami\n  ready\n  health\n  reload 2s 1s\n}\n' } }
      const before = await lab.kubectl('-n', 'kube-system', 'get', 'cm', 'coredns', '-o', 'json')
      await lab.kubectl('-n', 'kube-system', 'patch', 'cm', 'coredns', '-p', JSON.stringify(patch))
      const pod = (await lab.kubectl('-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns', '-o', 'name')).split(
        '\n',
      )[0]
      const place = `kube-system/${pod?.replace('pod/', '') ?? ''}`
      await expect.poll(() => shown(place, 'cat', '/etc/coredns/Corefile'), POLL).toContain('whoami')
      const { data } = JSON.parse(before) as { data: unknown }
      await lab.kubectl('-n', 'kube-system', 'patch', 'cm', 'coredns', '-p', JSON.stringify({ data }))
      await expect.poll(() => shown(place, 'cat', '/etc/coredns/Corefile'), POLL).toContain('kubernetes cluster.local')
    })

    it('a file of a node that is edited in place is what pods get that start there', async () => {
      const edit = (script: string): Promise<string> =>
        shown('node/node3', 'sed', '-i', script, '/run/systemd/resolve/resolv.conf')
      await edit('$a options rotate')
      const overrides = JSON.stringify({ spec: { nodeName: 'node3', dnsPolicy: 'Default' } })
      await lab.kubectl('run', 'edited', '--image=busybox', '--restart=Never', `--overrides=${overrides}`)
      await expect.poll(() => shown('default/edited', 'cat', '/etc/resolv.conf'), POLL).toMatch(/^options rotate$/m)
      await edit('/^options rotate$/d')
      await lab.kubectl('delete', 'pod', 'edited', '--now')
      expect(await shown('node/node3', 'cat', '/run/systemd/resolve/resolv.conf')).not.toContain('rotate')
    })

    it('the doctor asks from inside the namespaces and finds nothing broken', async () => {
      const { status, stdout: json } = await lab.fathom('doctor', `--lab=${lab.name}`, '-o', 'json')
      const { verdict, ladder } = JSON.parse(json) as { verdict: unknown; ladder: { result: string }[] }
      expect({ status, verdict }).toEqual({ status: 0, verdict: null })
      expect(ladder.filter(({ result }) => result === 'ok').length).toBeGreaterThan(50)
    })

    it('a bundle says what the run that made it said, byte for byte, in every format and language', async () => {
      const fault = ['udp-53-blocked', '--name', lab.name]
      await lab.fathom('lab', 'inject', ...fault)
      const folder = await lab.keepRun('--from', CONSOLE)
      await lab.fathom('lab', 'heal', ...fault)
      for (const language of LANGUAGES) {
        const words = ['--bundle', join(folder, 'bundle.tar.gz'), '-o', 'json', '--lang', language]
        const { stdout: json, stderr } = await runDoctor(words)
        expect(stderr).toBe('')
        for (const format of REPORT_FORMATS) {
          // Every format is made of the JSON's value and of nothing else.
          const replayed = renderReport(JSON.parse(json) as DoctorReport, format)
          const isSame = replayed === readFileSync(join(folder, `${language}.${format}`), 'utf8')
          expect({ language, format, isSame }).toEqual({ language, format, isSame: true })
        }
      }
      const { ladder } = JSON.parse(readFileSync(join(folder, 'en.json'), 'utf8')) as DoctorReport
      expect(ladder.filter(({ result }) => result === 'failed')).not.toEqual([])
    })

    it('the watching doctor serves its metrics, and ends with Ctrl-C as its last run did, nothing left', async () => {
      const namespaces = (): string[] => readdirSync('/run/netns').filter((name) => name.startsWith(lab.name))
      const before = namespaces()
      const watch = lab.start('doctor', `--lab=${lab.name}`, '--watch', '--interval', '1s', '--metrics', '127.0.0.1:0')
      const ended = once(watch, 'close')
      const [stdout, stderr] = [readingOf(watch.stdout), readingOf(watch.stderr)]
      await expect.poll(stdout, POLL).toMatch(/^\S+ {2}\w.*\n/)
      const url = /http:\S+/.exec(stderr())?.[0] ?? ''
      expect(await (await fetch(url)).text()).toMatch(/^fathom_doctor_runs_total\{result="reported"\} [1-9]/m)
      // In the middle of a run: a thread of it is inside a pod.
      await expect.poll(() => isInsidePods(watch.pid), POLL).toBe(true)
      watch.kill('SIGINT')
      const [status] = (await ended) as [number]
      // On a machine with too much to do a run may come to no verdict.
      const outcome =
        stdout()
          .match(/^\S+ {2}(healthy|inconclusive|proven) {2}/gm)
          ?.at(-1) ?? ''
      expect(outcome).toContain({ 0: 'healthy', 1: 'proven', 3: 'inconclusive' }[status])
      expect(stderr()).toBe(`fathom: metrics at ${url}\n`)
      // A program that printed rules ends by itself, in milliseconds.
      await expect.poll(() => isGroupLeft(watch.pid), POLL).toBe(false)
      expect(namespaces()).toEqual(before)
    })

    it('the doctor ends at once with Ctrl-C while it asks, with nothing printed and nothing left', async () => {
      const doctor = lab.start('doctor', `--lab=${lab.name}`, '--repeat', '1000')
      const ended = once(doctor, 'close')
      const [stdout, stderr] = [readingOf(doctor.stdout), readingOf(doctor.stderr)]
      await expect.poll(() => isInsidePods(doctor.pid), POLL).toBe(true)
      doctor.kill('SIGINT')
      // By the signal itself as long as there is nothing to undo.
      expect([
        [130, null],
        [null, 'SIGINT'],
      ]).toContainEqual(await ended)
      expect({ stdout: stdout(), stderr: stderr() }).toEqual({ stdout: '', stderr: '' })
      await expect.poll(() => isGroupLeft(doctor.pid), POLL).toBe(false)
    })

    it('a container added with a kubeconfig alone asks from the pod’s own namespace, and sees what is lost there', async () => {
      const words = ['dig', '--in', CONSOLE, '--allow', 'ephemeral', 'hello-world', '+search', '+tries=1', '+time=6']
      const udp = ['-p', 'udp', '--dport', '53', '-j', 'DROP']
      const seen = await lab.fathom(...words)
      expect(seen).toMatchObject({
        status: 0,
        stderr: expect.stringContaining('has ended') as string,
        stdout: expect.stringMatching(
          /10\.233\.15\.88[^]*\(UDP\)\n;; FROM: pod default\/console on node2, from container fathom-/,
        ) as string,
      })
      await lab.inside(CONSOLE, 'iptables', '-A', 'OUTPUT', ...udp)
      try {
        const [lost, passed] = await Promise.all([lab.fathom(...words), lab.fathom(...words, '+tcp')])
        // What it complained of is shown when it fails.
        const stderr = expect.any(String) as string
        expect(lost).toEqual({ status: 9, stdout: expect.stringContaining('timed out') as string, stderr })
        expect(passed).toEqual({ status: 0, stdout: expect.stringContaining('10.233.15.88') as string, stderr })
      } finally {
        await lab.inside(CONSOLE, 'iptables', '-D', 'OUTPUT', ...udp)
      }
      const states = '{.status.ephemeralContainerStatuses[*].state.terminated.exitCode}'
      expect(await lab.kubectl('get', 'pod', 'console', '-o', `jsonpath=${states}`)).toBe('0 0 0')
    })

    it('a terminal that ends with the program in it ends nothing else', async () => {
      const words = ['-n', 'kube-system', 'metrics-server-6ddc7966d8-tjh48', '--image=busybox:1.36', '--', 'hostname']
      expect(await lab.kubectl('debug', '-it', ...words)).toContain('metrics-server')
      expect(await lab.kubectl('get', 'namespace', 'shop', '-o', 'name')).toBe('namespace/shop\n')
    })

    it('says in its status how it is built and what this machine lacks', async () => {
      const { stdout: text } = await lab.fathom('lab', 'status', '--name', lab.name)
      expect(text).toContain('(netns, process ')
      expect(text).toContain("4 nodes, connected by calico (pods' MTU 1440)")
      expect(text).toMatch(
        new RegExp(`^  10\\.233\\.75\\.12 +${lab.name}\\.default\\.console +pod default/console$`, 'm'),
      )
    })

    it('killed, it is found and cleared away without a trace', async () => {
      process.kill(await lab.pid(), 'SIGKILL')
      await expect
        .poll(async () => (await lab.fathom('lab', 'status')).stderr, POLL)
        .toContain(`lab "${lab.name}" was killed and left its namespaces`)
      const down = await lab.fathom('lab', 'down', '--name', lab.name)
      expect(down.stdout).toBe(`lab "${lab.name}" had been killed; what it left is removed\n`)
      for (const folder of ['/run/netns', '/etc/netns', '/run/fathom-lab']) {
        const names = existsSync(folder) ? readdirSync(folder) : []
        expect(names.filter((name) => name.startsWith(lab.name))).toEqual([])
      }
    })
  },
)
