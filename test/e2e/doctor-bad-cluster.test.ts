// What the doctor makes of clusters that are hard to see: rights that are missing, an API server that is slow or dies, servers that
// hang or talk nonsense, and clusters whose DNS is another one. It says what was seen, and 3 where it cannot conclude.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { response } from '../../src/dns/index.ts'
import { ADMIN } from '../../src/lab/index.ts'
import { formatKubeconfig } from '../../src/lab/cluster/kubeconfig.ts'
import { resourceTypeOf } from '../../src/lab/cluster/resource-types.ts'
import { startLabApi } from '../support/lab-api.ts'
import type { LabApi } from '../support/lab-api.ts'
import { podPrograms } from '../support/pod-programs.ts'
import type { PodPrograms } from '../support/pod-programs.ts'
import { runDoctor, runDoctorJson } from '../support/run-doctor.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import type { ScriptedServer } from '../support/scripted-server.ts'

let lab: LabApi
let programs: PodPrograms
let dns: ScriptedServer
let folder = ''
const closing: (() => Promise<unknown> | void)[] = []

beforeAll(async () => {
  dns = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
  programs = podPrograms()
  lab = await startLabApi(programs.access)
  folder = mkdtempSync(join(tmpdir(), 'fathom-bad-'))
})
afterEach(async () => {
  programs.ports.clear()
  for (const close of closing.splice(0).toReversed()) await close()
})
afterAll(async () => {
  await lab.close()
  await dns.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('rights', () => {
  it('none at all: one sentence with the right that is needed, and no verdict', async () => {
    const { status, stdout, stderr } = await runDoctor(['--kubeconfig', kubeconfigOf('nobody')])
    expect(status).not.toBe(0)
    expect(status).not.toBe(1)
    expect(`${stdout}${stderr}`).toMatch(/forbidden.*needs: list /)
  })

  it('half of them: the report says what was not seen, and is inconclusive', async () => {
    grant('half', [
      { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['get', 'list'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
    ])
    const { status, report } = await runDoctorJson(['--kubeconfig', kubeconfigOf('half'), '--timeout', '5s'])
    expect(status).toBe(3)
    expect(report.outcome).toBe('inconclusive')
    expect(report.causes.filter((cause) => cause.status === 'proven')).toEqual([])
    const unseen = JSON.stringify(report.cluster)
    for (const what of ['nodes', 'configMaps']) expect(unseen).toContain(what)
  })
})

describe('an API server', () => {
  it('that is slow: the doctor waits for it, within its time', async () => {
    const front = await startFront({ delayMs: 150 })
    const { status, report } = await runDoctorJson(['--kubeconfig', kubeconfigAt(front), '--timeout', '5s'])
    expect(status).toBe(3)
    expect(report.cluster.nodes).toBe(4)
  })

  it('that is slower than a DNS server may be: its time is not taken for the silence of those behind it', async () => {
    programs.ports.set(53, dns.port)
    const front = await startFront({ delayMs: 1400 })
    const { report } = await runDoctorJson(['--kubeconfig', kubeconfigAt(front)])
    const forwarded = report.ladder.filter(
      ({ hop, transport, result }) => hop === 'replica' && transport === 'tcp' && result !== 'skipped',
    )
    expect(forwarded.length).toBeGreaterThan(0)
    expect(forwarded.filter(({ rttMs }) => rttMs === null)).toEqual([])
  }, 60_000)

  it('that dies in the middle: what was seen until then is reported, or one sentence says what happened', async () => {
    const front = await startFront({ octets: 40_000 })
    const { status, stdout, stderr } = await runDoctor(['--kubeconfig', kubeconfigAt(front), '--timeout', '5s'])
    expect([2, 3]).toContain(status)
    if (status === 2) expect(stderr.trim().split('\n')).toHaveLength(1)
    else expect(stdout).toContain('Inconclusive')
  })

  it('that is not there: one sentence', async () => {
    const front = await startFront({})
    const args = ['--kubeconfig', kubeconfigAt(front), '--timeout', '5s']
    for (const close of closing.splice(0)) await close()
    const { status, stderr } = await runDoctor(args)
    expect(status).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('replicas', () => {
  it('that hang: the doctor ends in time and calls nothing healthy', async () => {
    const silent = createServer((socket) => void socket.on('error', () => undefined))
    programs.ports.set(53, await listen(silent)).set(9153, programs.ports.get(53) ?? 0)
    const startedAt = performance.now()
    const { status, report } = await runDoctorJson(['--kubeconfig', kubeconfigOf('admin'), '--timeout', '3s'])
    expect(performance.now() - startedAt).toBeLessThan(30_000)
    expect(status).not.toBe(0)
    const failed = report.ladder.filter(({ hop, result }) => hop === 'replica' && result === 'failed')
    expect(failed.map(({ why }) => why)).toContain('no response')
  })

  it('whose metrics port talks nonsense: it is a failed rung with its reason, and no cause', async () => {
    programs.ports.set(53, dns.port)
    const junk = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n\u0000\u0001{{{ 9,9\n\n\n`)
    })
    programs.ports.set(9153, await listen(junk))
    const { status, report } = await runDoctorJson(['--kubeconfig', kubeconfigOf('admin'), '--timeout', '5s'])
    expect(status).toBe(3)
    const metrics = report.ladder.filter(({ hop, purpose }) => hop === 'replica' && purpose === 'metrics')
    expect(metrics.length).toBeGreaterThan(0)
    expect(metrics.filter(({ result }) => result === 'ok')).toEqual([])
    expect(report.causes.filter((cause) => cause.status === 'proven')).toEqual([])
  })
})

// --- Ways to the API server ---

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** Lets a user do this and nothing else. */
function grant(user: string, rules: readonly Rule[]): void {
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user }
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }]
  const objects = [
    { apiVersion, kind: 'ClusterRole', metadata: { name: user }, rules },
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name: user }, roleRef, subjects },
  ]
  for (const object of objects) {
    const type = resourceTypeOf(object.apiVersion, object.kind)
    if (type === undefined) throw new Error(`the lab has ${object.kind}`)
    lab.store.create(type, object)
  }
}

function kubeconfigOf(user: string, server: string = lab.api.url): string {
  const path = join(folder, `${user}-${new URL(server).port}`)
  const who = user === 'admin' ? ADMIN : { name: user, groups: [] }
  const access = { server, caCertificate: lab.api.caCertificate, token: lab.api.issueToken(who), user: who.name }
  writeFileSync(path, formatKubeconfig('test', access), { mode: 0o600 })
  return path
}

function kubeconfigAt(port: number): string {
  return kubeconfigOf('admin', `https://127.0.0.1:${port}`)
}

/** Passes octets on to the API server, each piece late, or so many of its responses and then nothing but closed connections. */
async function startFront({
  delayMs = 0,
  octets = Number.POSITIVE_INFINITY,
}: {
  readonly delayMs?: number
  readonly octets?: number
}): Promise<number> {
  const { port } = new URL(lab.api.url)
  let left = octets
  const server = createServer((client) => {
    const upstream = connect(Number(port), '127.0.0.1')
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
    client.on('data', (piece: Buffer) => void setTimeout(() => upstream.write(piece), delayMs))
    upstream.on('data', (piece: Buffer) => {
      left -= piece.length
      if (left < 0) end()
      else client.write(piece)
    })
  })
  return listen(server)
}

/** A port of loopback; the server and its connections are closed after the test. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => void server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}
