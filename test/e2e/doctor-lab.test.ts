// The doctor on the running loopback lab: facts through its kubeconfig, probes through its vantage. The doctor is told
// nothing about the fault; the names of the faults are the codes it must find.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collectCommand } from '../../src/cli/collect.ts'
import { examineCluster } from '../../src/cli/doctor/examine.ts'
import { parseCollectArgs } from '../../src/cli/doctor/options.ts'
import { packBundle, pseudonymize, unpackBundle } from '../../src/doctor/bundle/index.ts'
import { judge } from '../../src/doctor/index.ts'
import { LANGUAGES, REPORT_FORMATS, buildReport, renderReport } from '../../src/doctor/report/index.ts'
import { callControl, runLab } from '../../src/lab/index.ts'
import type { RunningLab } from '../../src/lab/index.ts'
import { runCommand, runDoctor, runDoctorJson } from '../support/run-doctor.ts'

const NAME = `doctor-test-${process.pid}`
const LAB = `--lab=${NAME}`
let lab: RunningLab

beforeAll(async () => {
  const cluster = resolve(import.meta.dirname, '../../lab/reference')
  lab = await runLab({ name: NAME, cluster, healthy: false })
})
afterAll(() => lab.close())

describe('the story', () => {
  it('names 1.2.4.8 as the dead upstream of node4, with proof, users and fix', async () => {
    const { status, report } = await runDoctorJson([LAB])
    expect(status).toBe(1)
    expect(report.verdict?.code).toBe('upstream-dead')
    const [cause] = report.causes
    expect(cause).toMatchObject({ status: 'proven', subject: { kind: 'upstream', name: '1.2.4.8' } })
    const evidence = cause?.evidence.map(({ text }) => text).join('\n') ?? ''
    for (const part of [
      'node4:/run/systemd/resolve/resolv.conf',
      'nameserver 2 of 2',
      'health checks of 1.2.4.8:53 grew',
      'shop/worker-',
    ]) {
      expect(evidence).toContain(part)
    }
    expect(cause?.objects).toContainEqual({
      kind: 'File',
      namespace: '',
      name: 'node4:/run/systemd/resolve/resolv.conf',
    })
    expect(cause?.fix.command).toContain('ssh node4')
    expect(cause?.fix.command).toMatch(/delete pod coredns-\S+ nodelocaldns-/)
    const failed = report.ladder.filter(({ result }) => result === 'failed')
    expect(new Set(failed.map(({ server, from }) => `${server} ${from}`))).toEqual(new Set(['1.2.4.8 node/node4']))
    expect(cause?.explains.toSorted()).toEqual(failed.map(({ id }) => id).toSorted())
    expect(report.unexplained).toEqual([])
    expect(report.observations.map(({ code, subject }) => `${code} ${subject.name}`)).toEqual([
      'too-many-nameservers node3',
    ])
  })

  it('answers before its deadline and says what it could not ask', async () => {
    const { status, report } = await runDoctorJson([LAB, '--timeout', '1s'])
    expect(status).toBe(3)
    expect(report.ladder.filter(({ result, server }) => result === 'skipped' && server === '1.2.4.8')).not.toHaveLength(
      0,
    )
  })
})

describe('fathom collect', () => {
  it('writes a bundle of which the doctor gives the same report as on the cluster, again and again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fathom-collect-'))
    try {
      const file = join(folder, 'bundle.tar.gz')
      const collected = await runCommand(collectCommand, [LAB, '-o', file])
      expect(collected).toMatchObject({ status: 0, stdout: '', stderr: expect.stringContaining('probes') as string })
      const { status, report, stdout, stderr } = await runDoctorJson(['--bundle', file])
      expect({ status, stderr, code: report.verdict?.code }).toEqual({ status: 1, stderr: '', code: 'upstream-dead' })
      expect(report.ladder.filter(({ result }) => result === 'ok').length).toBeGreaterThan(50)
      expect(await runDoctorJson(['--bundle', file])).toMatchObject({ stdout })
      const chinese = await runDoctor(['--bundle', file, '--lang', 'zh'])
      expect(chinese.stdout).toMatch(/1\.2\.4\.8.*\p{Script=Han}/u)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('replay', () => {
  it.each([
    { fault: 'dns-service-selector-mismatch', args: ['--from', 'default/console'] },
    { fault: 'headless-service-no-endpoints', args: ['--name', 'redis-ha.kubesphere-system.svc.cluster.local'] },
  ])('of a run with $fault says what that run said, byte for byte, in every format and language', async (one) => {
    const folder = mkdtempSync(join(tmpdir(), 'fathom-replay-'))
    const file = join(folder, 'bundle.tar.gz')
    try {
      const { diagnosis, asked } = await withFault(one.fault, () => examine([LAB, ...one.args, '-o', file]))
      writeFileSync(file, await packBundle(diagnosis.facts, diagnosis.ladder, asked))
      for (const language of LANGUAGES) {
        const report = buildReport(diagnosis, language)
        expect(report.verdict?.code).toBe(one.fault)
        for (const format of REPORT_FORMATS) {
          const replayed = await runDoctor(['--bundle', file, '-o', format, '--lang', language])
          expect(replayed).toEqual({ status: 1, stdout: renderReport(report, format, false), stderr: '' })
        }
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('of a pseudonymized run comes to the same causes with the same evidence lines', async () => {
    const fault = 'replica-answers-differ'
    const { diagnosis, asked } = await withFault(fault, () => examine([LAB, '-o', '-']))
    const seen = pseudonymize({ facts: diagnosis.facts, ladder: diagnosis.ladder, options: asked }, Buffer.alloc(32, 7))
    const { facts, ladder } = await unpackBundle(await packBundle(seen.facts, seen.ladder, seen.options))
    const { verdict } = judge({ facts, ladder, pods: [] })
    const shapeOf = ({ outcome, causes, observations, excluded, unexplained }: typeof verdict): object => ({
      outcome,
      found: [...causes, ...observations].map(({ code, status, evidence, explains, causedBy }) => ({
        code,
        status,
        causedBy,
        evidence: evidence.map(({ key, basis }) => `${basis} ${key}`),
        explains: explains.length,
      })),
      excluded: excluded.map(({ code }) => code),
      unexplained: unexplained.length,
    })
    expect(shapeOf(verdict)).toEqual(shapeOf(diagnosis.verdict))
    expect(verdict.main?.code).toBe(fault)
  })

  async function examine(args: readonly string[]): ReturnType<typeof examineCluster> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const io = { stdout, stderr, stdin: Readable.from([]), env: {}, color: false }
    const options = parseCollectArgs(args, io)
    if (options === undefined) throw new Error('help was asked for')
    return examineCluster(options, io)
  }
})

/** Runs something while the lab has one fault, or none. */
async function withFault<T>(fault: string | undefined, run: () => Promise<T>): Promise<T> {
  await callControl(lab.state.socket, 'heal', {})
  if (fault === undefined) return run()
  await callControl(lab.state.socket, 'inject', { fault })
  try {
    return await run()
  } finally {
    await callControl(lab.state.socket, 'heal', {})
  }
}

describe('faults', () => {
  it('healed, the cluster is healthy: exit status 0, no cause, nothing skipped but the cut-off nameserver', async () => {
    const { status, report } = await withFault(undefined, () => runDoctorJson([LAB]))
    expect(report.ladder.filter(({ result }) => result === 'failed')).toEqual([])
    expect({ status, outcome: report.outcome, causes: report.causes }).toEqual({
      status: 0,
      outcome: 'healthy',
      causes: [],
    })
    expect(new Set(report.ladder.filter(({ result }) => result === 'skipped').map(({ server }) => server))).toEqual(
      new Set(['1.2.4.8']),
    )
  })

  it.each([
    { fault: 'dns-service-no-endpoints', args: [] },
    { fault: 'dns-service-selector-mismatch', args: [] },
    { fault: 'service-ip-unreachable', args: [] },
    { fault: 'replica-answers-differ', args: [] },
    { fault: 'headless-service-no-endpoints', args: ['--name', 'redis-ha.kubesphere-system.svc.cluster.local'] },
    {
      fault: 'statefulset-service-name-wrong',
      args: ['--name', 'openldap-0.openldap.kubesphere-system.svc.cluster.local'],
    },
  ])('$fault is the proven verdict', async ({ fault, args }) => {
    const { status, report } = await withFault(fault, () => runDoctorJson([LAB, ...args]))
    expect(report.verdict?.code).toBe(fault)
    expect(status).toBe(1)
  })

  it('replicas-on-one-node is an observation while everything works', async () => {
    const { status, report } = await withFault('replicas-on-one-node', () => runDoctorJson([LAB]))
    expect(status).toBe(0)
    expect(report.observations.map(({ code }) => code)).toContain('replicas-on-one-node')
  })
})

describe('without a place to ask from', () => {
  it('a kubeconfig alone asks replicas through the API server only, and calls nothing healthy', async () => {
    const { status, report } = await runDoctorJson(['--kubeconfig', lab.state.kubeconfig])
    const asked = report.ladder.filter(({ result }) => result !== 'skipped')
    expect(new Set(asked.map(({ hop }) => hop))).toEqual(new Set(['replica', 'node-cache']))
    expect(
      asked.filter(({ hop, transport }) => transport === 'udp' || (hop !== 'replica' && transport !== 'http')),
    ).toEqual([])
    expect(report.outcome).toBe('inconclusive')
    expect(status).toBe(3)
  })

  it('a kubeconfig that cannot be used is one line and status 2', async () => {
    const { status, stderr } = await runDoctor(['--kubeconfig', '/no/such/kubeconfig'])
    expect(status).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
