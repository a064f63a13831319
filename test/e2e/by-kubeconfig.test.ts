// The program as somebody runs it who has a kubeconfig and nothing else, against the lab's API server.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { digCommand } from '../../src/cli/dig.ts'
import { doctorCommand } from '../../src/cli/doctor.ts'
import { explainCommand } from '../../src/cli/explain.ts'
import { traceCommand } from '../../src/cli/trace.ts'
import type { TraceReport } from '../../src/cli/trace/trace-report.ts'
import { LoopbackLab, readDescription } from '../../src/lab/index.ts'
import { formatKubeconfig } from '../../src/lab/cluster/kubeconfig.ts'
import { objectsAt } from '../../src/lab/cluster/raw-object.ts'
import type { RawObject } from '../../src/lab/cluster/raw-object.ts'
import { NODE_TYPE, POD_TYPE } from '../../src/lab/cluster/resource-types.ts'
import { bundleProgram } from '../support/program.ts'
import { runCommand } from '../support/run-doctor.ts'
import type { DoctorRun } from '../support/run-doctor.ts'

const WEB = 'shop/web-5f6d8b9c47-2lkqs'
const HOST_NETWORK = 'kube-system/nodelocaldns-m4v9d'

describe('fathom with a kubeconfig alone', () => {
  let lab: LoopbackLab
  let folder = ''
  let program = ''
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-kubeconfig-'))
    lab = await LoopbackLab.start(readDescription(resolve(import.meta.dirname, '../../lab/reference')))
    writeFileSync(join(folder, 'kubeconfig'), lab.kubeconfig('test'), { mode: 0o600 })
    const { url: server, caCertificate } = lab.api
    const nobody = { server, caCertificate, token: lab.api.issueToken({ name: 'nobody', groups: [] }), user: 'nobody' }
    writeFileSync(join(folder, 'nobody'), formatKubeconfig('nobody', nobody), { mode: 0o600 })
    program = await bundleProgram(folder)
  })
  afterAll(async () => {
    await lab.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (command: Command, ...args: string[]): Promise<DoctorRun> =>
    runCommand(command, ['--kubeconfig', join(folder, 'kubeconfig'), ...args])

  const pod = (name: string): RawObject => {
    const [namespace = '', own = ''] = name.split('/')
    const found = lab.store.get(POD_TYPE, namespace, own)
    if (found === undefined) throw new Error(`the reference cluster has no pod ${name}`)
    return found
  }
  const added = (name: string): unknown[] => objectsAt(pod(name), 'status', 'ephemeralContainerStatuses')

  describe('and consent to add a container', () => {
    it.each([
      { place: 'a pod', name: WEB, server: '169.254.25.10', from: WEB },
      { place: "a pod of the node's own network", name: HOST_NETWORK, server: '', from: HOST_NETWORK },
    ])('traces from $place over UDP, by its own resolv.conf', async ({ name, server }) => {
      const args = ['redis.kubesphere-system', 'A', '--from', name, '--allow', 'ephemeral', '-o', 'json']
      const { stdout, stderr } = await run(traceCommand, ...args)
      const report = JSON.parse(stdout) as TraceReport
      expect(report.from.how).toMatch(/from container fathom-[0-9a-f]{6} added to it/)
      expect(report.resolvConf.origin).toBe('observed')
      const [first] = report.queries
      expect(first).toMatchObject({ transport: 'udp', hop: { result: 'ok' } })
      if (server !== '') expect(first?.nameserver).toBe(server)
      expect(stderr.split('\n')).toEqual([
        expect.stringMatching(/^fathom: adding a container to pod /) as string,
        expect.stringMatching(/^fathom: container fathom-\S+ has ended; its entry stays /) as string,
        '',
      ])
    })

    it('digs, and doctors, from inside the pod', async () => {
      const dig = await run(digCommand, '--in', WEB, '--allow', 'ephemeral', 'web', '+search', '+short')
      expect(dig).toMatchObject({ status: 0, stdout: '10.233.18.22\n' })
      const explained = await run(explainCommand, 'web', '--from', WEB, '--allow', 'ephemeral')
      expect(explained).toMatchObject({ status: 0, stderr: expect.stringContaining('has ended') as string })
      expect(explained.stdout).toContain('(read in the pod; dnsPolicy ClusterFirst)')
      const doctor = await run(doctorCommand, '--from', WEB, '--allow', 'ephemeral', '-o', 'json')
      const { ladder, cluster } = JSON.parse(doctor.stdout) as {
        readonly ladder: readonly {
          from: string
          transport: string
          purpose: string
          result: string
          equivalent: string
        }[]
        readonly cluster: { readonly apiCalls: number }
      }
      const inside = ladder.filter(({ from, transport }) => from === `pod/${WEB}` && transport === 'udp')
      // A container's dig sends no two questions from one socket.
      const skipped = inside.filter(({ result }) => result === 'skipped')
      expect(skipped.map(({ purpose }) => purpose).filter((purpose) => purpose !== 'pair')).toEqual([])
      expect(inside[0]?.equivalent).toMatch(/^kubectl debug -it -n shop web-\S+ --image=\S+ -- dig /)
      expect(cluster.apiCalls).toBeLessThanOrEqual(60)
    })

    it('ends the container when it is interrupted', async () => {
      const before = added(WEB).length
      const args = [program, 'dig', '--kubeconfig', join(folder, 'kubeconfig'), '--in', WEB, '--allow', 'ephemeral']
      // Nobody answers there: it would wait for long.
      const child = spawn(process.execPath, [...args, '@192.0.2.1', 'example.org', '+tries=9'], { stdio: 'pipe' })
      const [out, err] = [text(child.stdout), text(child.stderr)]
      await expect.poll(() => running(WEB), { timeout: 20_000 }).toBe(1)
      child.kill('SIGINT')
      const status = await new Promise((done) => void child.once('exit', done))
      expect({ status, out: await out }).toEqual({ status: 130, out: '' })
      expect(await err).toMatch(/^fathom: adding a container .*\nfathom: container fathom-\S+ has ended; .*\n$/)
      expect(added(WEB)).toHaveLength(before + 1)
      expect(running(WEB)).toBe(0)
    })

    it.each([
      { why: 'without a pod', args: ['--from', 'node/node1'], says: /without a pod to ask from/ },
      { why: 'beside a lab', args: ['--from', WEB, '--lab'], says: /with --lab: a lab's pods are asked from without/ },
    ])('refuses it $why', async ({ args, says }) => {
      const { status, stderr } = await runCommand(traceCommand, ['web', ...args, '--allow', 'ephemeral'])
      expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(says) as string })
    })
  })

  describe('from a pod that cannot be asked from', () => {
    const trace = (name: string, ...more: string[]): Promise<DoctorRun> =>
      run(traceCommand, 'web', 'A', '--from', name, ...more)

    it('says that it does not exist', async () => {
      expect(await trace('shop/nobody')).toMatchObject({ status: 2, stderr: expect.stringMatching(/nobody/) as string })
    })

    it('says that it is pending', async () => {
      const waiting: RawObject = {
        ...pod(WEB),
        metadata: { name: 'waits', namespace: 'shop' },
        status: { phase: 'Pending' },
      }
      const { nodeName: _node, ...spec } = waiting['spec'] as Record<string, unknown>
      // Nobody takes it: no node has this label.
      lab.store.create(POD_TYPE, { ...waiting, spec: { ...spec, nodeSelector: { none: 'here' } } })
      const pending =
        /: pod shop\/waits is Pending: no network namespace yet; no node runs it.*another pod of namespace shop, such as shop\//
      const says = expect.stringMatching(pending) as string
      expect(await trace('shop/waits', '--allow', 'ephemeral')).toMatchObject({ status: 3, stderr: says })
      expect(await run(digCommand, '--in', 'shop/waits', 'web')).toMatchObject({ status: 10, stdout: '', stderr: says })
      const explained = await run(explainCommand, 'web', '--from', 'shop/waits', '--allow', 'ephemeral')
      expect(explained).toMatchObject({ status: 0, stderr: says })
      expect(explained.stdout).toContain('computed, as it was not read: pod shop/waits is Pending')
      const doctor = await run(doctorCommand, '--from', 'shop/waits', '--allow', 'ephemeral')
      expect(doctor.stderr).toMatch(pending)
      expect(doctor.stdout).toMatch(/skipped .*pod shop\/waits is Pending/)
    })

    it('says that it runs on Windows, and adds nothing', async () => {
      const name = 'default/hello-world-6f8d9c7b5-c6vtl'
      const node = lab.store.get(NODE_TYPE, undefined, (pod(name)['spec'] as { nodeName: string }).nodeName)
      if (node === undefined) throw new Error('its node is there')
      const status = node['status'] as { nodeInfo: object }
      const nodeInfo = { ...status.nodeInfo, operatingSystem: 'windows' }
      lab.store.update(NODE_TYPE, { ...node, status: { ...status, nodeInfo } })
      const { stdout, stderr } = await trace(name, '--allow', 'ephemeral')
      expect(stdout).toContain('runs on Windows, where pods have no network namespace to share')
      expect(stderr).not.toContain('adding a container')
      expect(added(name)).toEqual([])
    })

    it('says what is skipped from afar, what it would need, and what to type', async () => {
      const { status, stdout } = await trace(WEB)
      expect(status).toBe(0)
      expect(stdout).toMatch(/the API server carries no UDP; needs: .*--allow ephemeral/)
      expect(stdout).toMatch(
        /ok +CoreDNS kube-system\/coredns-\S+ on node4 +10\.233\.74\.65:53\/tcp +NOERROR 10\.233\.18\.22/,
      )
      expect(stdout).toContain('Every hop that was asked answered as expected; 2 hops were not asked.')
      expect(stdout).toMatch(/\$ kubectl debug -it -n shop \S+ --image=\S+ -- dig web\.shop\.svc\.cluster\.local\./)
    })

    it.each([{ more: [] }, { more: ['@10.233.0.3'] }, { more: ['--allow', 'exec'] }])(
      'lists what would work when dig $more can ask nothing from there, in order and with what it takes',
      async ({ more }) => {
        const { status, stdout, stderr } = await run(digCommand, '--in', WEB, ...more, 'web')
        expect({ status, stdout }).toEqual({ status: 10, stdout: '' })
        const [first, ...ways] = stderr.trimEnd().split('\n')
        expect(first).toMatch(/^fathom dig: Cannot ask from pod shop\/web-\S+ .*What would work:$/)
        expect(ways).toEqual([
          expect.stringMatching(/^ {2}1\. --allow ephemeral: .*patch pods\/ephemeralcontainers/),
          expect.stringMatching(/^ {2}2\. on node3 as root: .*--pid PID or --netns PATH/),
          expect.stringMatching(
            /^ {2}3\. "fathom trace NAME --from shop\/web-\S+": .*pods\/portforward in kube-system/,
          ),
        ])
      },
    )

    it('reads the resolv.conf by exec where the image has cat, and says so where it has not', async () => {
      const seen = await trace(WEB, '--allow', 'exec')
      expect(seen.stdout).toContain('/etc/resolv.conf, read there')
      const replica = 'kube-system/coredns-79c6f6447f-6f9xp'
      const unseen = await trace(replica, '--allow', 'exec')
      expect(unseen.stdout).toMatch(/not read: container coredns of pod \S+ has no "cat"; .*on its node as root/)
      expect(unseen.stdout).toContain("note: the node's file that this resolv.conf is made of was not seen")
    })
  })

  it('says without any right what is missing, and concludes nothing', async () => {
    const args = ['--kubeconfig', join(folder, 'nobody')]
    const doctor = await runCommand(doctorCommand, args)
    expect(doctor.status).toBe(3)
    for (const right of ['list services', 'list pods', 'list nodes', 'list configmaps in namespace kube-system']) {
      expect(doctor.stdout).toContain(`forbidden; needs: ${right}`)
    }
    const trace = await runCommand(traceCommand, [...args, '--from', WEB, 'web'])
    expect(trace).toMatchObject({ status: 3, stderr: expect.stringContaining('forbidden; needs: list pods') as string })
    const dig = await runCommand(digCommand, [...args, '--in', WEB, '--allow', 'ephemeral', 'web'])
    expect(dig.status).not.toBe(0)
    expect(dig.stderr).toMatch(/cannot get resource "pods"|forbidden/)
    expect(dig.stderr).not.toContain('adding')
  })

  function running(name: string): number {
    return objectsAt(pod(name), 'status', 'ephemeralContainerStatuses').filter(
      ({ state }) => 'running' in (state as object),
    ).length
  }

  beforeEach(() => {
    expect(running(WEB)).toBe(0)
  })
})
