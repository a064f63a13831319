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
      const doctor = await run(doctorCommand, '--from', WEB, '--allow', 'ephemeral', '-o', 'json')
      const { ladder, cluster } = JSON.parse(doctor.stdout) as {
        readonly ladder: readonly { from: string; transport: string; result: string; equivalent: string }[]
        readonly cluster: { readonly apiCalls: number }
      }
      const inside = ladder.filter(({ from, transport }) => from === `pod/${WEB}` && transport === 'udp')
      expect(inside.map(({ result }) => result)).not.toContain('skipped')
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
      const { status, stderr } = await trace('shop/waits', '--allow', 'ephemeral')
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: expect.stringMatching(/shop\/waits: it is pending/) as string,
      })
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
      expect(status).toBe(3)
      expect(stdout).toMatch(/nothing was asked: the API server carries no UDP .*--allow ephemeral/)
      expect(stdout).toMatch(/\$ kubectl debug -it -n shop \S+ --image=\S+ -- dig web\.shop\.svc\.cluster\.local\./)
    })

    it('reads the resolv.conf by exec where the image has cat, and says so where it has not', async () => {
      const seen = await trace(WEB, '--allow', 'exec')
      expect(seen.stdout).toContain('/etc/resolv.conf, read there')
      const replica = 'kube-system/coredns-79c6f6447f-6f9xp'
      const unseen = await trace(replica, '--allow', 'exec')
      expect(unseen.stdout).toMatch(/not read: container coredns of pod \S+ has no "cat" .*on its node as root/)
    })
  })

  it('says without any right what is missing, and concludes nothing', async () => {
    const args = ['--kubeconfig', join(folder, 'nobody')]
    const doctor = await runCommand(doctorCommand, args)
    expect([2, 3]).toContain(doctor.status)
    expect(doctor.stdout + doctor.stderr).toMatch(/forbidden/)
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
