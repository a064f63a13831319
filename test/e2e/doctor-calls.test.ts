// What the doctor costs an API server: as many calls at most for a large cluster as for a small one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { traceCommand } from '../../src/cli/trace.ts'
import type { TraceReport, TracedHop } from '../../src/cli/trace/trace-report.ts'
import { ADMIN } from '../../src/lab/index.ts'
import { formatKubeconfig } from '../../src/lab/cluster/kubeconfig.ts'
import type { RawObject } from '../../src/lab/cluster/raw-object.ts'
import { ENDPOINT_SLICE_TYPE, NODE_TYPE, POD_TYPE } from '../../src/lab/cluster/resource-types.ts'
import { startLabApi } from '../support/lab-api.ts'
import type { LabApi } from '../support/lab-api.ts'
import { podPrograms } from '../support/pod-programs.ts'
import { runCommand, runDoctorJson } from '../support/run-doctor.ts'
import { startScriptedServer } from '../support/scripted-server.ts'
import type { ScriptedServer } from '../support/scripted-server.ts'
import { response } from '../../src/dns/index.ts'

const NODES = 40
const REPLICAS = 12
const PODS = 420

describe('fathom doctor on a cluster of 40 nodes, 12 replicas, and pods on several pages', () => {
  let lab: LabApi
  let server: ScriptedServer
  let folder = ''
  beforeAll(async () => {
    server = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
    const programs = podPrograms()
    programs.ports.set(53, server.port)
    lab = await startLabApi(programs.access)
    grow(lab)
    folder = mkdtempSync(join(tmpdir(), 'fathom-calls-'))
    const { url, caCertificate } = lab.api
    const access = { server: url, caCertificate, token: lab.api.issueToken(ADMIN), user: ADMIN.name }
    writeFileSync(join(folder, 'kubeconfig'), formatKubeconfig('test', access), { mode: 0o600 })
  })
  afterAll(async () => {
    await lab.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('calls the API server 30 times at most, asks some replicas, and says which it did not ask and why', async () => {
    const { report } = await runDoctorJson(['--kubeconfig', join(folder, 'kubeconfig'), '--timeout', '10s'])
    expect(report.cluster.nodes).toBeGreaterThan(NODES)
    expect(report.cluster.replicas).toBeGreaterThanOrEqual(REPLICAS)
    expect(report.cluster.apiCalls).toBeGreaterThan(20)
    expect(report.cluster.apiCalls).toBeLessThanOrEqual(30)
    const canaries = report.ladder.filter(
      ({ hop, transport, purpose }) => hop === 'replica' && transport === 'tcp' && purpose === 'canary',
    )
    const asked = canaries.filter(({ observed }) => observed.startsWith('NOERROR'))
    expect(asked.length).toBeGreaterThan(0)
    const left = canaries.filter(({ why = '' }) => why.includes('called as often as it may be'))
    expect(left.length).toBeGreaterThan(0)
    expect(left[0]).toMatchObject({ result: 'skipped', needs: expect.stringContaining('--max-calls') as string })
  })

  it('traces within the same number of calls, every replica from its own node', async () => {
    const trace = ['kubernetes.default', 'A', '--from', 'shop/web-7', '--all-replicas', '-o', 'json']
    const { status, stdout } = await runCommand(traceCommand, [...trace, '--kubeconfig', join(folder, 'kubeconfig')])
    const replicas = (JSON.parse(stdout) as TraceReport).queries.flatMap(({ hop }) => replicasOf(hop))
    expect(status).toBe(1)
    expect(replicas.filter(({ result }) => result !== 'skipped').length).toBeGreaterThan(0)
    const left = replicas.filter(({ why }) => why?.includes('called as often as it may be') === true)
    expect(left.length).toBeGreaterThan(0)
  })

  it('makes no more than --max-calls', async () => {
    const args = ['--kubeconfig', join(folder, 'kubeconfig'), '--timeout', '10s', '--max-calls', '22']
    const { report } = await runDoctorJson(args)
    expect(report.cluster.apiCalls).toBeLessThanOrEqual(22)
  })
})

function replicasOf(hop: TracedHop): TracedHop[] {
  return [...(hop.kind === 'replica' ? [hop] : []), ...hop.next.flatMap(replicasOf)]
}

/** Adds what makes a cluster large, each like one of its kind that is there. */
function grow({ store }: LabApi): void {
  const node = like(store.list(NODE_TYPE)[0])
  const pods = store.list(POD_TYPE)
  const cache = like(pods.find(({ metadata }) => metadata.name.startsWith('nodelocaldns')))
  const replica = like(pods.find(({ metadata }) => metadata.name.startsWith('coredns')))
  const other = like(pods.find(({ metadata }) => metadata.namespace === 'shop'))
  for (let at = 0; at < NODES; at += 1) {
    const address = `10.9.${at >> 8}.${at & 255}`
    const name = `big-${at}`
    store.create(NODE_TYPE, node(name, { status: { addresses: [{ type: 'InternalIP', address }] } }))
    store.create(POD_TYPE, cache(`nodelocaldns-${at}`, { spec: { nodeName: name }, status: podAt(address) }))
  }
  const addresses = Array.from({ length: REPLICAS }, (_, at) => `10.233.100.${at + 1}`)
  for (const [at, address] of addresses.entries()) {
    const spec = { nodeName: `big-${at * 3}` }
    store.create(POD_TYPE, replica(`coredns-79c6f6447f-${at}`, { spec, status: podAt(address) }))
  }
  for (let at = 0; at < PODS; at += 1) {
    const address = `10.234.${at >> 8}.${at & 255}`
    store.create(POD_TYPE, other(`web-${at}`, { spec: { nodeName: `big-${at % NODES}` }, status: podAt(address) }))
  }
  const slice = store
    .list(ENDPOINT_SLICE_TYPE, 'kube-system')
    .find(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'coredns')
  if (slice === undefined) throw new Error('the reference cluster has a DNS Service')
  const endpoints = addresses.map((address, at) => ({
    addresses: [address],
    conditions: { ready: true },
    targetRef: { kind: 'Pod', namespace: 'kube-system', name: `coredns-79c6f6447f-${at}` },
  }))
  store.update(ENDPOINT_SLICE_TYPE, { ...slice, endpoints: [...(slice['endpoints'] as unknown[]), ...endpoints] })
}

type Parts = Readonly<Record<'spec' | 'status', object | undefined>>

function like(model: RawObject | undefined): (name: string, parts: Partial<Parts>) => RawObject {
  if (model === undefined) throw new Error('the reference cluster has one of each')
  const { uid: _uid, resourceVersion: _version, ...metadata } = model.metadata
  return (name, { spec, status }) => ({
    ...model,
    metadata: { ...metadata, name },
    spec: { ...(model['spec'] as object), ...spec },
    status: { ...(model['status'] as object), ...status },
  })
}

function podAt(address: string): object {
  return { podIP: address, podIPs: [{ ip: address }] }
}
